-- Organizations, people, keys. One dialect for PGlite and PostgreSQL 15.

create table organizations (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table users (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  email text not null unique,
  email_verified boolean not null default false,
  name text not null,
  image text,
  role text not null check (role in ('admin', 'editor', 'viewer', 'auditor')),
  disabled boolean not null default false,
  last_seen_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index users_by_org on users (org, id);

create table sessions (
  id text primary key,
  token text not null unique,
  user_id text not null references users (id) on delete cascade,
  -- Signed in by a one-time link: may set a password without knowing the old one.
  by_link boolean not null default false,
  ip_address text,
  user_agent text,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sessions_by_user on sessions (user_id);

-- How a user proves who they are; the password's hash is in the row of the provider `credential`.
create table accounts (
  id text primary key,
  account_id text not null,
  provider_id text not null,
  user_id text not null references users (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index accounts_by_user on accounts (user_id);

-- One-time sign-in links, hashed.
create table verifications (
  id text primary key,
  identifier text not null unique,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Attempts to sign in, per address and per e-mail, within a window.
create table attempts (
  key text primary key,
  count integer not null,
  ends_at timestamptz not null
);

create table api_tokens (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  name text not null,
  prefix text not null,
  secret_hash text not null unique,
  scopes text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz
);
create index api_tokens_by_user on api_tokens (user_id, id);

create table controllers (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  cluster text not null,
  name text not null,
  origin text not null check (origin in ('user', 'demo')),
  instance text not null,
  key_hash text not null unique,
  -- A rotation under way: the key that takes over once it was used.
  next_key_hash text unique,
  rotation_requested_at timestamptz,
  key_rotated_at timestamptz,
  -- The ticket of the newest session, and that session: both hashed.
  ticket_hash text not null default '',
  session_hash text not null default '',
  session_at timestamptz,
  version text,
  address text,
  enrolled_at timestamptz not null default now(),
  last_seen_at timestamptz,
  revoked_at timestamptz
);
create index controllers_by_org on controllers (org, id);

create table enrolment_tokens (
  id text primary key,
  org text not null references organizations (id) on delete cascade,
  cluster text not null,
  origin text not null check (origin in ('user', 'demo')),
  prefix text not null,
  secret_hash text not null unique,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  used_from text,
  controller_id text,
  revoked_at timestamptz
);
create index enrolment_tokens_by_org on enrolment_tokens (org, id);
