-- Contract: removes every account and entry. Loses all money records, so it is for a ledger that was never used.
drop table ledger.hold;
drop table ledger.entry;
drop table ledger.transfer;
drop table ledger.account;
drop function ledger.refuse_rewrite();
drop function ledger.check_chain();
drop function ledger.check_balanced();
drop function ledger.check_has_entries();
drop function ledger.check_head();
drop function ledger.check_new_account();
drop function ledger.check_hold_step();
drop schema ledger;
