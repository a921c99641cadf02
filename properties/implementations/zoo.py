#!/usr/bin/env python3
"""The zoo's keeper: other people's echoes, each with the verdict that is expected of it.

A member is members/NAME.expect: what `verbatim check --expect` reads, and in its comments the member's data (README.md
tells the fields).
Not for: judging (that is verbatim's), or installing (./dev zoo).
"""
import argparse
import contextlib
import difflib
import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
README = os.path.join(HERE, "README.md")
SKIPPED = 77  # ctest's word for it: SKIP_RETURN_CODE
FIELDS = ("what", "needs", "build", "check", "client", "version", "seen")  # one line each
NEEDED = ("what", "needs", "version", "seen")
BEGIN, END = "<!-- zoo.py table -->", "<!-- end of the table -->"

# Where ./dev zoo unpacks the packages that are not to be installed.
UNPACKED = os.environ.get("VERBATIM_ZOO_ROOT") or os.path.join(HERE, "..", "..", "build", "zoo", "root")
# Their installation would start a daemon, or drive out another package: they are unpacked to a folder instead.
NOT_INSTALLED = {
    "haproxy", "inetutils-inetd", "libnginx-mod-stream", "nginx", "nginx-core", "nginx-light", "openbsd-inetd",
    "openssh-server", "pen", "rinetd", "rlinetd", "sslh", "stunnel4", "xinetd",
}


def refuse(why):
    print(f"zoo.py: {why}", file=sys.stderr)
    sys.exit(2)


class Member:
    """One file of members/: fields, expectations (id -> (result, reason)), smallest scenarios, commands by hand."""

    def __init__(self, name):
        self.name = name
        self.path = os.path.join(HERE, "members", name + ".expect")
        self.fields, self.notes, self.expected = {}, [], {}
        self.smallest, self.by_hand, self.faults = {}, {}, []
        if not os.path.exists(self.path):
            near = difflib.get_close_matches(name, map(name_of, paths()))
            refuse(f"there is no member {name} in members/" + (f"; did you mean {' or '.join(near)}?" if near else ""))
        with open(self.path, encoding="utf-8") as file:
            for line in file:
                self._read(line.rstrip("\n"))

    def _read(self, line):
        if line.startswith("#"):
            self._read_comment(line[1:].strip())
        elif line.strip():
            words, _, reason = line.partition("#")
            parts = words.split()
            if len(parts) != 2:
                self.faults.append(f"not a line of expectations: {line}")
            else:
                self.expected[parts[0]] = (parts[1], reason.strip())

    def _read_comment(self, text):
        key, colon, value = text.partition(": ")
        value = value.strip()
        kind, _, ids = key.rpartition(" ")
        if colon and key in FIELDS:
            if key in self.fields:
                self.faults.append(f"{key} stands here twice")
            self.fields[key] = value
        elif colon and key == "note":
            self.notes.append(value)
        elif colon and re.fullmatch(r"(smallest|by hand) [a-z0-9.*, -]+", key):
            which, ids = re.fullmatch(r"(smallest|by hand) (.*)", key).groups()
            for one in ids.split(","):
                (self.smallest if which == "smallest" else self.by_hand)[one.strip()] = value
        elif text:
            self.faults.append(f"a comment that is no field (note: …?): {text}")

    def field(self, name, default=""):
        return self.fields.get(name, default)

    def fill(self, text, out, verbatim=None):
        """The zoo's own placeholders; those of verbatim check ({port}, {backend} …) stay."""
        places = {"servers": os.path.join(HERE, "servers"), "proxies": os.path.join(HERE, "proxies"),
                  "clients": os.path.join(HERE, "clients"), "out": out}
        if verbatim:
            for name in ("echo-server", "echo-client"):
                places[name] = os.path.join(os.path.dirname(os.path.abspath(verbatim)), name)
        for name, value in places.items():
            text = text.replace("{" + name + "}", value)
        return text

    def is_client(self):
        return "client" in self.fields

    def command(self):
        return self.field("client") or self.field("check")

    def flags(self, out, verbatim=None):
        return shlex.split(self.fill(self.command(), out, verbatim))


def paths():
    return sorted(glob.glob(os.path.join(HERE, "members", "*.expect")))


def name_of(path):
    return os.path.basename(path).removesuffix(".expect")


def members():
    return [Member(name) for name in sorted(map(name_of, paths()))]


def environment():
    """Ours, with the unpacked packages behind the installed ones, and sbin, which users don't have on their PATH."""
    env = dict(os.environ)
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    programs = ["/usr/local/sbin", "/usr/sbin", "/sbin"] + [f"{UNPACKED}/{d}" for d in ("usr/sbin", "usr/bin", "sbin", "bin")]
    env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath)] + [os.path.abspath(d) for d in programs])
    if os.path.isdir(UNPACKED):
        libraries = [os.path.join(UNPACKED, d, triplet) for d in ("usr/lib", "lib")]
        env["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [env.get("LD_LIBRARY_PATH"), *map(os.path.abspath, libraries)]))
        env["VERBATIM_ZOO_ROOT"] = os.path.abspath(UNPACKED)
    return env


def needs(member):
    """Pairs of what must be there and the Debian package that has it."""
    for entry in member.field("needs").split():
        thing, _, package = entry.partition(":")
        yield thing, package or thing


def is_there(thing, env):
    """A program, a header (x.h, x.hpp), or a file by its path (wildcards allowed)."""
    if thing.startswith("/"):
        return bool(glob.glob(thing) or glob.glob(UNPACKED + thing))
    if re.search(r"\.(h|hpp)$", thing):
        return any(glob.glob(os.path.join(d, thing)) for d in ("/usr/include", "/usr/include/*-linux-gnu*", "/usr/local/include"))
    return shutil.which(thing, path=env["PATH"]) is not None


def shell(command, env, cwd=None):
    return subprocess.run(["sh", "-c", command], env=env, cwd=cwd, timeout=150, check=False, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def prepare(member, out):
    """Builds the member and tells its version. Returns (environment, exit status or None to go on)."""
    env = environment()
    for thing, package in needs(member):
        if not is_there(thing, env):
            print(f"skipped: {thing} is not here (package {package}; ./dev zoo brings it)")
            return env, SKIPPED
    os.makedirs(out, exist_ok=True)
    if "build" in member.fields:
        built = shell(member.fill(member.field("build"), out), env, out)
        if built.returncode != 0:
            print(f"it could not be built: {member.field('build')}\n{built.stdout}")
            return env, 1
    said = shell(member.fill(member.field("version"), out), env, out).stdout.strip().split("\n")[0]
    seen = member.field("seen")
    print(f"{member.name}: {member.field('what')}, version {said or 'unknown'}" +
          ("" if said == seen else f" (what is expected was seen with {seen})"), flush=True)
    return env, None


def run(arguments):
    member = Member(arguments.name)
    out = os.path.abspath(arguments.out)
    env, status = prepare(member, out)
    if status is not None:
        return status
    command = [os.path.abspath(arguments.verbatim), "client" if member.is_client() else "check", "--no-color", "--budget", "240s", "--save", os.path.join(out, "failures"),
               "--expect", member.path, *member.flags(out, arguments.verbatim)]
    return subprocess.run(command, env=env, cwd=out, check=False, stdin=subprocess.DEVNULL).returncode


# ---- Seeing a failure without Verbatim

def free_port(beside=0):
    """Outside the range that connects take theirs from, so that none of them can sit on it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    for port in range(lowest - 1 - os.getpid() % 5000, 1024, -1):
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("", port))
            if port != beside:
                return port
        except OSError:
            continue
    raise OSError("no port is free")


def listens(port):
    pattern = re.compile(rf":{port:04X} [0-9A-F]+:0000 (0A|07) ")
    for table in ("tcp", "tcp6", "udp", "udp6"):
        try:
            with open("/proc/net/" + table, encoding="ascii") as file:
                if pattern.search(file.read()):
                    return True
        except OSError:
            pass
    return False


@contextlib.contextmanager
def running(command, listens_on, **options):
    """A program in a session of its own, until it listens; ended with all it started, whatever ends us."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        while not listens(listens_on) and process.poll() is None:
            time.sleep(0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def play_by_hand(member, command, arguments, out, env):
    if member.is_client():  # its commands bring their own server
        print("$", member.fill(command, out), flush=True)
        subprocess.run(["sh", "-c", member.fill(command, out)], check=False, cwd=HERE, env=env)
        return
    port = free_port()
    flags = member.flags(out, arguments.verbatim)
    places = {"{port}": str(port), "{host}": "127.0.0.1"}
    with contextlib.ExitStack() as stack:
        if "--behind" in flags:  # our own echo behind a proxy
            behind = free_port(beside=port)
            places |= {"{backend}": f"127.0.0.1:{behind}", "{backend_host}": "127.0.0.1", "{backend_port}": str(behind)}
            echo = os.path.join(os.path.dirname(os.path.abspath(arguments.verbatim)), "echo-server")
            scheme = "udp" if "udp" in flags else "tcp"
            stack.enter_context(running([echo, "--quiet", "--answer-all", f"{scheme}://127.0.0.1:{behind}"], behind))

        def fill(text):
            for place, value in places.items():
                text = text.replace(place, value)
            return text

        server = stack.enter_context(running(["sh", "-c", fill(flags[flags.index("--spawn") + 1])], port, env=env, cwd=out))
        print("$", fill(command), flush=True)
        subprocess.run(["sh", "-c", fill(member.fill(command, out))], check=False, cwd=HERE,
                       env={**env, "PATH": HERE + os.pathsep + env["PATH"], "SERVER_PID": str(server.pid)})


def by_hand(arguments):
    """Starts a member's server and runs its commands "by hand" against it: Verbatim has no part in it."""
    member = Member(arguments.name)
    if not arguments.verbatim and ("--behind" in member.command() or "{echo-" in member.command()):
        refuse(f"{member.name} needs our echo-server: --verbatim build/release/bin/verbatim (echo-server is beside it)")
    wanted = [arguments.id] if arguments.id else list(dict.fromkeys(member.by_hand))
    if unknown := [one for one in wanted if one not in member.by_hand]:
        refuse(f"{member.name} has nothing by hand for {unknown[0]}; it has: {', '.join(member.by_hand) or 'nothing'}")
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda *_: sys.exit(1))  # what was started is ended on the way out
    with tempfile.TemporaryDirectory(prefix="zoo-") as out:
        env, status = prepare(member, out)
        if status is not None:
            return status
        for command in dict.fromkeys(member.by_hand[one] for one in wanted):
            play_by_hand(member, command, arguments, out, env)
    return 0


# ---- The README's table

def levels(verbatim):
    listing = subprocess.run([verbatim, "list"], check=True, text=True, stdout=subprocess.PIPE).stdout
    return dict(re.findall(r"^([a-z][a-z.-]+\.[a-z0-9-]+) +([MSI]) ", listing, re.M))


def marks(member):
    check = member.command()
    over = re.search(r"--over (\S+)", check)
    words = [over.group(1).upper() if over and over.group(1) == "udp" else over.group(1)] if over else []
    if "--behind" in check or "{proxies}" in check:
        words.append("proxy")
    if member.is_client():
        words.append("client")
    if "--without halfclose" in check:
        words.append("half-close not claimed")
    if "--without status" in check:
        words.append("status not claimed")
    return ", ".join(words)


def cell(text):
    return text.replace("|", "\\|")


def command_of(member):
    flags = shlex.split(member.command())
    commands = [flags[i + 1] for i, flag in enumerate(flags[:-1]) if flag in ("--spawn", "--stdio")]
    return cell("".join(f"`{command.removeprefix('exec ')}`" for command in commands))


def table(verbatim):
    level = levels(verbatim)
    lines = ["| member | what | command | seen | fails (M) | fails (S) | |", "|---|---|---|---|---|---|---|"]
    for member in members():
        failing = {}
        for one, (result, _) in member.expected.items():
            if result in ("fail", "flaky"):
                failing.setdefault(level.get(one, "?"), []).append(one + (" (now and then)" if result == "flaky" else ""))
        lines.append("| " + " | ".join([member.name, cell(member.field("what")), command_of(member), cell(member.field("seen")), *[
            ", ".join(failing.get(kind, ["–"])) for kind in "MS"], marks(member)]) + " |")
    return "\n".join(lines) + "\n"


def in_readme():
    """The README, as what is before the table, the table, and what is after it."""
    with open(README, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN + "\n")
    inside, end, after = rest.partition(END)
    if not begin or not end:
        refuse(f"README.md has no lines {BEGIN} and {END}")
    return before + begin, inside, end + after


def print_table(arguments):
    if arguments.write:
        before, _, after = in_readme()
        with open(README, "w", encoding="utf-8") as file:
            file.write(before + table(arguments.verbatim) + after)
    else:
        print(table(arguments.verbatim), end="")
    return 0


def faults_of(member, level):
    yield from member.faults
    yield from (f"the field {name} is missing" for name in NEEDED if not member.field(name))
    if bool(member.field("check")) == bool(member.field("client")):
        yield "one of the fields check and client is needed"
    try:
        shlex.split(member.command())
    except ValueError as error:
        yield f"check: {error}"
    for one, (result, reason) in member.expected.items():
        if one not in level:
            yield f"{one} is not in the catalogue"
        if result not in ("pass", "fail", "flaky", "skip") or (result == "flaky" and level.get(one) == "M"):
            yield f"{one}: {result}"
        if not reason:
            yield f"{one} has no reason"
        if result in ("fail", "flaky"):
            yield from (f"{one}: there is no `# {what} {one}: …`" for what, have in (
                ("smallest", member.smallest), ("by hand", member.by_hand)) if not have.get(one))
    for one in {**member.smallest, **member.by_hand}:
        if member.expected.get(one, ("pass",))[0] not in ("fail", "flaky"):
            yield f"smallest, by hand: {one} does not fail"


def lint(arguments):
    level = levels(arguments.verbatim)
    faults = [f"{member.name}: {fault}" for member in members() for fault in faults_of(member, level)]
    if in_readme()[1] != table(arguments.verbatim):
        faults.append("README.md's table is not what the members say; to renew it: zoo.py table VERBATIM --write")
    print("\n".join(faults) if faults else f"{len(members())} members, all told truly")
    return 1 if faults else 0


def packages(arguments):
    env = environment()
    wanted = {package for member in members() for thing, package in needs(member)
              if not (arguments.missing and is_there(thing, env))}
    wanted = wanted & NOT_INSTALLED if arguments.unpacked else wanted - NOT_INSTALLED
    print("".join(package + "\n" for package in sorted(wanted)), end="")
    return 0


def main():
    parser = argparse.ArgumentParser(description="The zoo: other people's echoes and what is expected of them.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    verb = verbs.add_parser("run", help="hold one member to its expectations; 77: it is not here")
    verb.add_argument("name")
    verb.add_argument("verbatim", help="the program verbatim, beside it echo-server")
    verb.add_argument("out", help="a folder to build into and to save failing scenarios in")
    verb.set_defaults(verb=run)
    verb = verbs.add_parser("by-hand", help="start a member and show its failures without Verbatim")
    verb.add_argument("name")
    verb.add_argument("id", nargs="?", help="of these only that requirement's")
    verb.add_argument("--verbatim", help="for members that use echo-server, which is beside it")
    verb.set_defaults(verb=by_hand)
    verb = verbs.add_parser("table", help="the README's table")
    verb.add_argument("verbatim")
    verb.add_argument("--write", action="store_true", help="into the README")
    verb.set_defaults(verb=print_table)
    verb = verbs.add_parser("lint", help="is every member told in full, and the README's table the members'?")
    verb.add_argument("verbatim")
    verb.set_defaults(verb=lint)
    verb = verbs.add_parser("packages", help="the Debian packages that the members need")
    verb.add_argument("--missing", action="store_true", help="only of what is not here")
    verb.add_argument("--unpacked", action="store_true", help="those that are unpacked to a folder, since installing them starts a daemon")
    verb.set_defaults(verb=packages)
    arguments = parser.parse_args()
    return arguments.verb(arguments)


if __name__ == "__main__":
    sys.exit(main())
