mount --make-rprivate /; mount -t cgroup2 none /sys/fs/cgroup; mkdir -p /sys/fs/cgroup/hull-test-bench-dev
set -x
F="/tmp/benchdev/floor"; A="/tmp/benchdev/rootfs /tmp/benchdev/st hull-test-bench-dev/x v2"
$F run $A; echo $?
time (for i in $(seq 100); do $F run $A; done)
$F create $A; $F start $A; sleep 0.1; $F delete $A; echo $?
$F sleep $A; $F state $A; $F exec $A; echo exec $?; $F kill $A; sleep 0.05; $F delete $A; echo $?
rmdir /sys/fs/cgroup/hull-test-bench-dev
