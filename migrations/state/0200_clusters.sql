-- Clusters as people define them; the name is what batches and rows carry.

create table clusters (
  org text not null references organizations (id) on delete cascade,
  name text not null,
  origin text not null default 'user' check (origin in ('user', 'demo')),
  connection text not null check (connection in ('pod', 'agentless', 'process')),
  options jsonb not null default '{}',
  -- UID of the namespace kube-system: who the cluster is. The one before, where it was re-created.
  uid text,
  uid_since timestamptz,
  uid_before text,
  stopped_at timestamptz,
  -- An upgrade under way: the version it leads to.
  upgrade_to text,
  upgrade_asked_at timestamptz,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (org, name)
);
create index clusters_by_uid on clusters (org, uid);

insert into clusters (org, name, origin, connection, created_by, created_at)
  select org, cluster, min(origin), 'process', 'the server', min(enrolled_at) from controllers group by org, cluster;

-- Kubeconfigs, encrypted with a key that is not in this database.
create table cluster_connections (
  org text not null,
  cluster text not null,
  server text not null,
  sealed text not null,
  updated_at timestamptz not null default now(),
  primary key (org, cluster),
  foreign key (org, cluster) references clusters (org, name) on delete cascade
);
