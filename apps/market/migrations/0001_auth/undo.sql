-- Contract: removes every user and session.
drop table auth."verification";
drop table auth."account";
drop table auth."session";
drop table auth."user";
drop schema auth;
