-- Namespaces of any clusters under one name. Which ones is asked of the inventory: only the rules are kept.

create table environments (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  name text not null,
  description text not null,
  color text not null,
  rules jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org, name)
);
