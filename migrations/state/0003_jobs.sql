-- Long work: it goes on when the page is closed, can be stopped from any replica, and ends in a result.

create table jobs (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  kind text not null,
  state text not null check (state in ('running', 'done', 'failed', 'stopped')),
  done bigint not null default 0,
  total bigint,
  summary text not null default '',
  problems jsonb not null default '[]',
  stop_asked boolean not null default false,
  started_at timestamptz not null default now(),
  -- Last sign of life of the replica that does it.
  seen_at timestamptz not null default now(),
  ended_at timestamptz
);
create index jobs_by_org on jobs (org, id);
-- One of a kind at a time.
create unique index jobs_running on jobs (org, kind) where state = 'running';
