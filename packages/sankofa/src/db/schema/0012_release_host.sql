-- Expand: a release may be wanted on some hosts first, so that one that does not come up has met one host only.
alter table sankofa.release_wanted add column only_hosts text[];
comment on column sankofa.release_wanted.only_hosts is 'null: every host of the service';
