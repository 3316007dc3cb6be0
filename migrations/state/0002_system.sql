-- What the server must know about itself, and what every change leaves behind.

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  org text not null,
  actor_kind text not null,
  actor_id text,
  actor_name text not null,
  action text not null,
  target text not null,
  before jsonb,
  after jsonb,
  result text not null check (result in ('done', 'refused', 'failed')),
  code text,
  address text not null,
  user_agent text not null,
  request_id text not null
);
create index audit_by_org on audit (org, id);

create table alarms (
  id text primary key,
  org text not null,
  -- Alarms of one key are one row with a count, until it is acknowledged.
  key text not null,
  at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  count integer not null default 1,
  severity text not null check (severity in ('notice', 'warning', 'critical')),
  code text,
  title text not null,
  detail text not null,
  target text not null,
  acknowledged_at timestamptz,
  acknowledged_by text
);
create unique index alarms_open on alarms (org, key) where acknowledged_at is null;
create index alarms_by_org on alarms (org, id);

create table settings (
  org text primary key references organizations (id) on delete cascade,
  value jsonb not null,
  updated_at timestamptz not null default now()
);

-- Keys of the server itself, shared by its replicas.
create table secrets (
  name text primary key,
  value text not null
);

-- Who does a job that only one replica may do, and until when.
create table leases (
  name text primary key,
  owner text not null,
  expires_at timestamptz not null
);

-- The newest heartbeat of each controller: what its sources and its spool are like.
create table heartbeats (
  controller_id text primary key references controllers (id) on delete cascade,
  at timestamptz not null,
  body jsonb not null
);
