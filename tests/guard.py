"""A command under guard: every socket, file to be written and program of all its processes is seen, native ones too.

Python's audit hooks do not see what a C++ library does, so the kernel is asked: a seccomp filter hands the system calls
that matter to this process (seccomp_unotify(2), Linux 5.5 and newer, no rights needed), which writes them down and lets
them pass or refuses them. `python guard.py SOCKET COMMAND...` installs the filter and becomes the command.
"""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import ipaddress
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# System calls by machine, in the order x86_64, aarch64; None where there is none.
_ARCHITECTURES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}
_CALLS = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "execve": (59, 221),
    "open": (2, None),
    "creat": (85, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
}
# Where the path that comes to be is among the arguments: the folder it counts from (None: the working folder), itself.
_NEW_PATHS: dict[str, tuple[int | None, int]] = {
    "open": (None, 0),
    "creat": (None, 0),
    "openat": (0, 1),
    "openat2": (0, 1),
    "mkdir": (None, 0),
    "mkdirat": (0, 1),
    "rename": (None, 1),
    "renameat": (2, 3),
    "renameat2": (2, 3),
    "link": (None, 1),
    "linkat": (2, 3),
    "symlink": (None, 1),
    "symlinkat": (1, 2),
    "mknod": (None, 0),
    "mknodat": (0, 1),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_FAST_OPEN = 0x20000000  # MSG_FASTOPEN: sendto and sendmsg connect by themselves
_AT_WORKING_FOLDER = -100
_NETLINK = 16  # AF_NETLINK: the kernel is asked, such as for the addresses that this machine has

# linux/seccomp.h and linux/filter.h
_ALLOW, _ASK = 0x7FFF0000, 0x7FC00000
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_RECEIVE, _SEND, _STILL_THERE = 0xC0502100, 0xC0182101, 0x40082102
_NOTICE, _ANSWER = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_CONTINUE = 1
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NO_NEW_PRIVILEGES = 38


@dataclass
class Seen:
    """What the processes of a command have tried, in words, each once and in order."""

    network: list[str] = field(default_factory=list)
    """Sockets that leave the process, as `socket(AF_INET, SOCK_DGRAM) by NAME`, and every address."""
    written: list[Path] = field(default_factory=list)
    """Every path that was made, opened for writing or renamed to."""
    programs: list[str] = field(default_factory=list)


class Guarded:
    """A running command and what is seen of it.

    loopback: TCP sockets are let pass, as long as they stay on this machine; without it every socket of the network is
    refused. Addresses of other machines are refused in any case: no test gets through to them.
    """

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], loopback: bool = False
    ) -> None:
        self.seen = Seen()
        self._loopback = loopback
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, str(theirs.fileno()), *map(str, command)],
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=[theirs.fileno()],
            )
            theirs.close()
            _, handed, _, _ = socket.recv_fds(ours, 1, 1)
        if not handed:
            raise OSError(self.process.communicate()[1].strip())
        self._listener = handed[0]
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def finish(self, timeout: float) -> tuple[int, str, str]:
        """Wait for the end of it and of all its children: status, output, errors."""
        try:
            said = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        self._watcher.join(timeout=10)
        assert not self._watcher.is_alive(), "a process of the command is still running"
        return (self.process.returncode, *said)

    def stop(self, timeout: float) -> tuple[int, str, str]:
        """Ctrl-C, then as `finish`."""
        self.process.send_signal(signal.SIGINT)
        return self.finish(timeout)

    def _watch(self) -> None:
        waiting = select.poll()
        waiting.register(self._listener, select.POLLIN)
        try:
            while True:
                # POLLHUP alone: no process has the filter any more.
                if not any(events & select.POLLIN for _, events in waiting.poll()):
                    return
                notice = bytearray(_NOTICE.size)
                try:
                    fcntl.ioctl(self._listener, _RECEIVE, notice)
                except OSError as error:
                    if error.errno == errno.ENOENT:  # it was killed meanwhile
                        continue
                    raise
                self._answer(notice)
        finally:
            os.close(self._listener)

    def _answer(self, notice: bytearray) -> None:
        number, process, _, call, _, _, *arguments = _NOTICE.unpack(notice)
        try:
            refused = self._judge(_call_names()[call], process, arguments)
        except OSError:
            refused = False  # it is gone, or its memory cannot be read, and the call will fail by itself
        answer = _ANSWER.pack(number, 0, -errno.EACCES if refused else 0, 0 if refused else _CONTINUE)
        try:
            fcntl.ioctl(self._listener, _SEND, answer)
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _judge(self, call: str, process: int, arguments: list[int]) -> bool:
        """Writes it down; True where it is refused."""
        if call == "execve":
            _note(self.seen.programs, Path(os.fsdecode(_text(process, arguments[0]))).name)
        elif call == "socket":
            family, kind = _int(arguments[0]), arguments[1] & 0xF
            if self._loopback and family == socket.AF_INET and kind == socket.SOCK_STREAM:
                return False
            _note(self.seen.network, f"socket({_family(family)}, {_kind(kind)}) by {_name(process)}")
            return True
        elif call in ("connect", "bind"):
            return self._address(call, process, arguments[1], arguments[2])
        elif call == "sendto":
            return self._address(call, process, arguments[4], arguments[5])
        elif call == "sendmsg":
            _note(self.seen.network, f"sendmsg with MSG_FASTOPEN by {_name(process)}")
            return True
        else:
            self._file(call, process, arguments)
        return False

    def _file(self, call: str, process: int, arguments: list[int]) -> None:
        if call == "openat2":  # its flags lie in memory
            (flags,) = struct.unpack("=Q", _memory(process, arguments[2], 8))
            if not flags & _WRITING:
                return
        path = _path(process, arguments, *_NEW_PATHS[call])
        # A folder that is there already cannot be made.
        if not (call.startswith("mkdir") and path.exists()):
            _note(self.seen.written, path)

    def _address(self, call: str, process: int, pointer: int, length: int) -> bool:
        raw = _memory(process, pointer, min(length, 128))
        if struct.unpack("=H", raw[:2])[0] == _NETLINK:
            return False
        where, here = _address_in(raw)
        _note(self.seen.network, f"{call} to {where} by {_name(process)}")
        return not here


@cache
def unsupported() -> str:
    """Why no command can be put under guard here; empty if it can."""
    if not sys.platform.startswith("linux") or platform.machine() not in _ARCHITECTURES:
        return "the guard needs Linux on x86-64 or ARM64"
    try:
        guarded = Guarded(["/bin/true"], cwd=Path("/"), env={})
        status, _, said = guarded.finish(10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"this kernel, or this container, offers no seccomp notifications ({error})"
    return said.strip() if status else ""


def _note(list_: list, item: object) -> None:  # type: ignore[type-arg]
    if item not in list_:
        list_.append(item)


@cache
def _call_names() -> dict[int, str]:
    machine = _ARCHITECTURES[platform.machine()][0]
    return {number: name for name, numbers in _CALLS.items() if (number := numbers[machine]) is not None}


def _memory(process: int, address: int, length: int) -> bytes:
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        memory.seek(address)
        return memory.read(length)


def _text(process: int, address: int) -> bytes:
    """What lies there up to the first NUL, read page by page: the next one may not be there."""
    text = b""
    while b"\0" not in text and len(text) < 4096:
        text += _memory(process, address + len(text), 4096 - (address + len(text)) % 4096)
    return text.partition(b"\0")[0]


def _path(process: int, arguments: list[int], folder: int | None, path: int) -> Path:
    """The path that a call names, from the root, its folder without links."""
    named = os.fsdecode(_text(process, arguments[path]))
    number = _AT_WORKING_FOLDER if folder is None else _int(arguments[folder])
    start = "cwd" if number == _AT_WORKING_FOLDER else f"fd/{number}"
    whole = Path(os.readlink(f"/proc/{process}/{start}"), named)
    return Path(os.path.realpath(whole.parent)) / whole.name


def _address_in(raw: bytes) -> tuple[str, bool]:
    """A socket address in words, and whether it is this machine."""
    (family,) = struct.unpack("=H", raw[:2])
    if family == socket.AF_UNIX:
        return f"unix:{os.fsdecode(raw[2:].split(bytes(1))[0])}", True
    if family in (socket.AF_INET, socket.AF_INET6):
        (port,) = struct.unpack("!H", raw[2:4])
        found = ipaddress.ip_address(raw[4:8] if family == socket.AF_INET else raw[8:24])
        return f"{found} port {port}", found.is_loopback
    return _family(family), False


def _int(argument: int) -> int:
    """A C int, of which the upper half of a register says nothing."""
    return ctypes.c_int32(argument & 0xFFFFFFFF).value


def _family(number: int) -> str:
    return next((one.name for one in socket.AddressFamily if one == number), f"family {number}")


def _kind(number: int) -> str:
    return next((one.name for one in socket.SocketKind if one == number), f"kind {number}")


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def _filter() -> list[tuple[int, int, int, int]]:
    """The program that sorts system calls: code, jump if true, jump if not, value.

    Asked for are: sockets other than unix and netlink ones, messages with an address, what opens for writing or makes a
    path, and new programs. A call is recognised by its number, then what it says by its arguments.
    """
    machine, architecture, _ = _ARCHITECTURES[platform.machine()]
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, 0),
    ]
    for name, numbers in _CALLS.items():
        number = numbers[machine]
        if number is None:
            continue
        steps = _CONDITIONS.get(name, [(_RETURN, 0, 0, _ASK)])
        program.append((_EQUAL, 0, len(steps), number))
        program += steps
    program.append((_RETURN, 0, 0, _ALLOW))
    return program


def _argument(number: int, half: int = 0) -> tuple[int, int, int, int]:
    return (_LOAD, 0, 0, 16 + 8 * number + 4 * half)


def _where(any_bit: int, *loaded: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    """Asks where one of these words has one of the bits."""
    steps: list[tuple[int, int, int, int]] = []
    for place, load in enumerate(loaded):
        steps += [load, (_ANY_BIT, 2 * (len(loaded) - 1 - place) + 1, 0, any_bit)]
    return [*steps, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ASK)]


_CONDITIONS = {
    "socket": [
        _argument(0),
        (_EQUAL, 1, 0, socket.AF_UNIX),
        (_EQUAL, 0, 1, _NETLINK),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ASK),
    ],
    "sendto": _where(0xFFFFFFFF, _argument(4), _argument(4, half=1)),
    "sendmsg": _where(_FAST_OPEN, _argument(2)),
    "open": _where(_WRITING, _argument(1)),
    "openat": _where(_WRITING, _argument(2)),
}


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("true", ctypes.c_ubyte),
        ("false", ctypes.c_ubyte),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def _install() -> int:
    """From here on the calls of this process and its children are asked about; the descriptor to answer by."""
    libc = ctypes.CDLL(None, use_errno=True)
    program = _filter()
    instructions = (_Instruction * len(program))(*program)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    seccomp = _ARCHITECTURES[platform.machine()][2]
    listener = libc.syscall(
        seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(_Program(len(program), instructions))
    )
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp(SECCOMP_SET_MODE_FILTER)")
    return int(listener)


def main() -> None:
    """Arguments: the number of the socket by which the descriptor is handed over, then the command."""
    door = socket.socket(fileno=int(sys.argv[1]))
    listener = _install()
    # Not socket.send_fds, which would be the same, but one call that is known not to be asked about.
    door.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    door.close()
    os.close(listener)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
