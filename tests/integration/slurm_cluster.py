"""A real SLURM of two nodes with accounting on this machine, for as long as the tests need it.

`python tests/integration/slurm_cluster.py` installs the programs with apt, where it may.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = ("slurm-wlm", "slurmdbd", "munge", "mariadb-server")
DAEMONS = ("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd", "srun")
# srun inside a job has lost SLURM_CONF (the plugin strips it) and reads this path.
SYSTEM_CONF = Path("/etc/slurm/slurm.conf")
MUNGE_KEY = Path("/etc/munge/munge.key")
MUNGE_SOCKET_FOLDER = Path("/run/munge")
NODES = ("c1", "c2")
START_LIMIT_S = 120

SLURMDBD_CONF = """\
AuthType=auth/munge
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={ports[dbd]}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={ports[sql]}
StorageLoc=slurm_acct_db
StorageUser=slurm
StoragePass=slurm
"""

# Memory is watched by polling, which needs no control groups; CPUs are counted, not bound.
SLURM_CONF = """\
ClusterName={name}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[ctld]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdSpoolDir={folder}/spool.%n
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=2
MinJobAge=600
SchedulerParameters=bf_interval=2,sched_min_interval=100000,batch_sched_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={ports[dbd]}
AccountingStorageEnforce=associations
AccountingStoreFlags=job_comment
NodeName=DEFAULT CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1
NodeName=c1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[c1]} RealMemory=20000
NodeName=c2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[c2]} RealMemory=20000
PartitionName=main Nodes=c1,c2 Default=YES MaxTime=INFINITE State=UP
"""


def why_not():
    """Why no cluster can be started here, or None."""
    if os.geteuid() != 0:
        return "SLURM's daemons must be started as root"
    missing = [name for name in DAEMONS if shutil.which(name, path=_path()) is None]
    if missing:
        return f"no {', '.join(missing)}: `make test-slurm` as root on Debian or Ubuntu installs it"
    if SYSTEM_CONF.exists() and not _left_by_killed_tests():
        return f"{SYSTEM_CONF} exists: this machine has a SLURM of its own"
    return None


def _left_by_killed_tests():
    ping = subprocess.run(["scontrol", "ping"], capture_output=True)
    return SYSTEM_CONF.is_symlink() and ping.returncode != 0


def install():
    """Install SLURM with apt; returns why that cannot be done, or None."""
    if all(shutil.which(name, path=_path()) for name in DAEMONS):
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "SLURM is not installed, and without root and apt-get it cannot be"
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", "-q", *command], env=environment)
        if done.returncode != 0:
            return f"apt-get {command[0]} failed"
    return None


def _path():
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class Cluster:
    """Started by `start`, ended by `stop`; its daemons also end if this process does."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.name = f"test{os.getpid()}"
        self.environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf")}
        self.ports = {name: _free_port() for name in ("ctld", "dbd", "sql", *NODES)}
        self.daemons = []
        self.linked = False

    def start(self):
        # The daemons of munge and MariaDB run as users of their own.
        for parent in (self.folder, *self.folder.parents[:-1]):
            parent.chmod(parent.stat().st_mode | 0o111)
        self._start_munge()
        self._start_database()
        self._write_configuration()
        self._start("slurmdbd", "-D")
        self._wait("sacctmgr", "--noheader", "list", "cluster")
        self.ask("sacctmgr", "-i", "add", "cluster", self.name)
        self.ask("sacctmgr", "-i", "add", "account", "lab")
        self.ask("sacctmgr", "-i", "add", "user", "root", "account=lab")
        self._start("slurmctld", "-D")
        for node in NODES:
            (self.folder / f"spool.{node}").mkdir()
            self._start("slurmd", "-D", "-N", node, log=f"slurmd.{node}")
        self._wait_until(lambda: self.node_states() == dict.fromkeys(NODES, "idle"), "nodes idle")

    def stop(self):
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):
            self.ask("scancel", "--user=root")
            self._wait_until(lambda: not self.ask("squeue", "--noheader").stdout.strip(), "an end")
        # Without control groups a process can outlive its job.
        for process in _processes(f"SLURM_CLUSTER_NAME={self.name}"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        for process in reversed(self.daemons):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.linked:
            SYSTEM_CONF.unlink(missing_ok=True)

    def ask(self, *command):
        """Run a SLURM command; returns the finished process with its output as text."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60
        )

    def node_states(self):
        lines = self.ask("sinfo", "--noheader", "--Node", "--format=%N %t").stdout.split("\n")
        return dict(line.split() for line in lines if line)

    def set_node(self, node, state):
        self.ask("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def queue(self):
        """Running jobs as a dict of number to (comment, node); the comment names the rule."""
        lines = self.ask("squeue", "--noheader", "--states=R", "--format=%A|%k|%N").stdout
        rows = (line.split("|") for line in lines.splitlines())
        return {number: (comment, node) for number, comment, node in rows}

    def scripts(self, number, name):
        """Numbers of a job's Python processes that run a script of this name."""
        return [
            process
            for process, command in _processes(f"SLURM_JOB_ID={number}").items()
            if len(command) > 1 and command[1].endswith(name)
        ]

    def accounting(self):
        """Every job ever as a list of dicts of what sacct knows."""
        fields = ["JobID", "Comment", "State", "NodeList", "Account", "MaxRSS", "Elapsed"]
        done = self.ask(
            *("sacct", "--allusers", "--duplicates", "--parsable2", "--noheader"),
            *("--allocations", "--starttime=now-1day", f"--format={','.join(fields)}"),
        )
        return [
            dict(zip(fields, line.split("|"), strict=True)) for line in done.stdout.splitlines()
        ]

    def _start(self, *command, user=None, log=None):
        program = shutil.which(command[0], path=_path())
        with (self.folder / f"{log or command[0]}.out").open("w") as output:
            process = subprocess.Popen(
                [program, *command[1:]],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                preexec_fn=end_with_parent,
            )
        self.daemons.append(process)
        return process

    def _start_munge(self):
        if subprocess.run(["munge", "-n"], capture_output=True).returncode == 0:
            return
        if not MUNGE_KEY.exists():
            subprocess.run(["mungekey", "--create"], check=True)
            shutil.chown(MUNGE_KEY, "munge", "munge")
        MUNGE_SOCKET_FOLDER.mkdir(exist_ok=True)
        shutil.chown(MUNGE_SOCKET_FOLDER, "munge", "munge")
        self._start("munged", "--foreground", "--force", user="munge")
        self._wait("munge", "-n")

    def _start_database(self):
        data = self.folder / "database"
        data.mkdir()
        shutil.chown(data, "mysql", "mysql")
        options = ("--no-defaults", f"--datadir={data}")
        login = ("--user=mysql", "--auth-root-authentication-method=normal")
        subprocess.run(["mariadb-install-db", *options, *login], check=True, capture_output=True)
        socket_file = data / "socket"
        self._start(
            *("mariadbd", *options, f"--socket={socket_file}", f"--pid-file={data}/pid"),
            *("--bind-address=127.0.0.1", f"--port={self.ports['sql']}", "--skip-name-resolve"),
            *("--innodb-buffer-pool-size=128M", "--innodb-lock-wait-timeout=900"),
            "--innodb-flush-log-at-trx-commit=0",
            user="mysql",
        )
        client = ("mariadb", "--no-defaults", "--user=root", f"--socket={socket_file}")
        self._wait(*client, "--execute=SELECT 1")
        subprocess.run(
            [
                *client,
                "--execute=CREATE DATABASE slurm_acct_db;"
                "CREATE USER slurm@'127.0.0.1' IDENTIFIED BY 'slurm';"
                "GRANT ALL ON slurm_acct_db.* TO slurm@'127.0.0.1';",
            ],
            check=True,
        )

    def _write_configuration(self):
        values = {"name": self.name, "host": socket.gethostname()}
        values |= {"ports": self.ports, "folder": self.folder}
        (self.folder / "state").mkdir()
        database = self.folder / "slurmdbd.conf"
        database.write_text(SLURMDBD_CONF.format(**values))
        database.chmod(0o600)
        configuration = self.folder / "slurm.conf"
        configuration.write_text(SLURM_CONF.format(**values))
        SYSTEM_CONF.parent.mkdir(exist_ok=True)
        SYSTEM_CONF.unlink(missing_ok=True)  # see why_not
        SYSTEM_CONF.symlink_to(configuration)
        self.linked = True

    def _wait(self, *command):
        self._wait_until(lambda: self.ask(*command).returncode == 0, " ".join(command[:3]))

    def _wait_until(self, happened, what):
        deadline = time.monotonic() + START_LIMIT_S
        while not happened():
            if time.monotonic() > deadline:
                logs = "".join(path.read_text() for path in sorted(self.folder.glob("*.out")))
                raise TimeoutError(f"waited {START_LIMIT_S} s for {what}\n{logs[-3000:]}")
            time.sleep(0.2)


def end_with_parent():
    """In a new process: have the kernel end it when the tests' process dies."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _processes(variable):
    """Dict of number to command line of the processes with this in their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if variable.encode() in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
                found[int(folder.name)] = command.rstrip("\0").split("\0")
    return found


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    reason = install()
    if reason:
        print(f"{reason}; the tests will be skipped", file=sys.stderr)
