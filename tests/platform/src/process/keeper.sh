# The shell around each child: sh -c THIS NAME GRACE LOG PROGRAM ARGUMENTS..., with GRACE in tenths of a second
# between TERM and KILL. Its input is a pipe whose end means "stop"; its output carries the exit status back.
# The child gets neither. It is not reaped before `wait` returns, and everything ends right after that: its
# number cannot have been given to a stranger when it is signalled.
grace=$1 log=$2; shift 2
exec 3<&0 4>&1 </dev/null >>"$log" 2>&1
"$@" 3<&- 4>&- &
child=$!
(
  exec 4>&- >/dev/null 2>&1
  read -r _ <&3
  kill -TERM "$child"
  while [ "$grace" -gt 0 ] && kill -0 "$child"; do sleep 0.1; grace=$((grace - 1)); done
  kill -KILL "$child"
  sleep 1
  kill -KILL 0
) &
watch=$!
exec 3<&-
wait "$child"
echo $? >&4
kill -KILL "$watch"
wait "$watch" 2>/dev/null
kill -KILL 0
