for c in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do mkdir /sys/fs/cgroup/$c/hull-test-bench-dev; done
for f in cpuset.cpus cpuset.mems; do cat /sys/fs/cgroup/cpuset/$f > /sys/fs/cgroup/cpuset/hull-test-bench-dev/$f; done
F="/tmp/benchdev/floor"; A="/tmp/benchdev/rootfs /tmp/benchdev/st hull-test-bench-dev/x cpu,cpuacct,cpuset,memory,devices,freezer,blkio,pids,systemd"
$F run $A; echo $?
time (for i in $(seq 100); do $F run $A; done)
$F create $A; $F start $A; sleep 0.1; $F delete $A; echo $?
$F sleep $A; $F state $A; $F exec $A; echo exec $?; $F kill $A; sleep 0.05; $F delete $A; echo $?
for c in cpu cpuacct cpuset memory devices freezer blkio pids systemd; do rmdir /sys/fs/cgroup/$c/hull-test-bench-dev; done
