-- What people keep about the record: where nodes of the map stand, searches, and where accesses are forwarded to.

create table map_positions (
  org text not null references organizations (id) on delete cascade,
  node text not null,
  x double precision not null,
  y double precision not null,
  pinned boolean not null default false,
  updated_at timestamptz not null default now(),
  primary key (org, node)
);

create table saved_searches (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  owner_id text not null,
  owner_name text not null,
  name text not null,
  query text not null,
  from_moment text not null,
  to_moment text not null,
  fields text not null,
  shared boolean not null default false,
  created_at timestamptz not null default now()
);
create index saved_searches_by_org on saved_searches (org, id);

create table sinks (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  name text not null,
  kind text not null check (kind in ('stdout', 'file', 'syslog', 'otlp')),
  target text not null,
  query text not null,
  prefix text not null,
  format text not null check (format in ('text', 'ndjson', 'csv')),
  enabled boolean not null default true,
  sent bigint not null default 0,
  failed bigint not null default 0,
  last_error text not null default '',
  updated_at timestamptz not null default now()
);
create index sinks_by_org on sinks (org, id);
