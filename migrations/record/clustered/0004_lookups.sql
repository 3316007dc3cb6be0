-- Made by server/src/platform/record/schema/write.ts from the contract's columns.

ALTER TABLE accesses_local ON CLUSTER '$CLUSTER' MODIFY SETTING merge_selector_base = 14, merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE accesses_local ON CLUSTER '$CLUSTER' ADD PROJECTION IF NOT EXISTS requests (SELECT toUInt16(bitShiftRight(cityHash64(request_id), 48)), toUInt8(bitShiftRight(cityHash64(request_id), 40)), toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15)), toDate(ts), org, origin GROUP BY toUInt16(bitShiftRight(cityHash64(request_id), 48)), toUInt8(bitShiftRight(cityHash64(request_id), 40)), toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15)), toDate(ts), org, origin);
