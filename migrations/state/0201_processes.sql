-- Two processes with one data folder: the session before stays known for a while, so that a process that goes on with it is noticed.

alter table controllers
  add column process text,
  add column previous_session text not null default '',
  add column previous_ticket text not null default '',
  add column previous_process text,
  -- A copy that was caught: it is not let in again.
  add column refused_process text;
