-- Made by server/src/platform/record/schema/write.ts from the contract's columns.

ALTER TABLE accesses DROP PROJECTION IF EXISTS requests;

ALTER TABLE accesses ADD PROJECTION IF NOT EXISTS ids (SELECT toUInt16(bitShiftRight(cityHash64(request_id), 48)), toUInt16(bitShiftRight(cityHash64(request_id), 32)), toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15)), toDate(ts), org, origin GROUP BY toUInt16(bitShiftRight(cityHash64(request_id), 48)), toUInt16(bitShiftRight(cityHash64(request_id), 32)), toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15)), toDate(ts), org, origin), ADD PROJECTION IF NOT EXISTS sources (SELECT toUInt32(cityHash64(src_pod)), toUInt32(cityHash64(src_pod_uid)), toUInt32(cityHash64(src_ip)), toDate(ts), toUInt8(toHour(ts)) GROUP BY toUInt32(cityHash64(src_pod)), toUInt32(cityHash64(src_pod_uid)), toUInt32(cityHash64(src_ip)), toDate(ts), toUInt8(toHour(ts))), ADD PROJECTION IF NOT EXISTS destinations (SELECT toUInt32(cityHash64(dst_pod)), toUInt32(cityHash64(dst_pod_uid)), toUInt32(cityHash64(dst_ip)), toDate(ts), toUInt8(toHour(ts)) GROUP BY toUInt32(cityHash64(dst_pod)), toUInt32(cityHash64(dst_pod_uid)), toUInt32(cityHash64(dst_ip)), toDate(ts), toUInt8(toHour(ts)));

ALTER TABLE accesses MATERIALIZE PROJECTION ids, MATERIALIZE PROJECTION sources, MATERIALIZE PROJECTION destinations SETTINGS mutations_sync = 0;
