#!/bin/sh
# Runs a server that must not outlive its parent. Standard input is a pipe that only the parent holds:
# when it closes, even by kill -9 of the parent, the server gets a fast shutdown (SIGINT).
trap '' INT HUP TERM
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -INT "$server"; } >/dev/null 2>&1 &
watch=$!
exec 3<&- 0</dev/null
wait "$server"
status=$?
kill -9 "$watch" 2>/dev/null
# A throw-away server's folder, which may lie in memory: its parent may have been killed.
[ -z "$SANKOFA_SCRATCH" ] || rm -rf "$SANKOFA_SCRATCH"
exit "$status"
