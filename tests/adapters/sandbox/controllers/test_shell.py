"""The simulated shell, without a connection."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.sandbox._shell import Shell
from adapters.sandbox._shell_effects import InterruptedShellError, Out, Read, Run, Sleep
from adapters.sandbox._shell_files import Machine, Process


def machine(**more: object) -> Machine:
    settings: dict[str, object] = {
        "hostname": "web-0",
        "environment": {"HOME": "/root", "GREETING": "hello world", "EMPTY": ""},
        "image_files": {"/etc/conf/app.ini": b"a=1\nb=2\n", "/etc/hostname": b"web-0\n", "/etc/.hidden": b""},
        "directories": frozenset({"/tmp", "/root", "/bin"}),
        "read_only": ("/etc/conf",),
        "processes": (Process(1, "root", "nginx"),),
        "now": lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        **more,
    }
    return Machine(**settings)  # type: ignore[arg-type]  # settings of a test


def finish(run: Run, lines: tuple[str, ...] = ()) -> tuple[str, str, int, float]:
    """Run to the end; return output, errors, code and the seconds slept."""
    streams, slept, answer = {1: "", 2: ""}, 0.0, None
    waiting = list(lines)
    while True:
        try:
            effect = run.send(answer)
        except StopIteration as stop:
            return streams[1], streams[2], stop.value, slept
        answer = None
        if isinstance(effect, Out):
            streams[effect.stream] += effect.text
        elif isinstance(effect, Sleep):
            slept += effect.seconds or 0
        elif isinstance(effect, Read):
            answer = waiting.pop(0) if waiting else None


def sh(text: str, **more: object) -> tuple[str, str, int]:
    return finish(Shell.inside(machine(**more)).run_text(text))[:3]


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("echo a  b", "a b\n"),
        ("echo 'a  b' \"c  d\"", "a  b c  d\n"),
        ('echo $GREETING; echo "$GREETING"', "hello world\nhello world\n"),
        ("echo '$GREETING'", "$GREETING\n"),
        ("echo \\$GREETING \\; \\'", "$GREETING ; '\n"),
        ("echo ${GREETING}s ${NONE:-other} ${EMPTY-kept}.", "hello worlds other .\n"),
        ("echo ${GREETING:+set} ${#GREETING}", "set 11\n"),
        ('echo pre$EMPTY"" end', "pre end\n"),
        ("echo -n a; echo b", "ab\n"),
        ("echo -e 'a\\tb'", "a\tb\n"),
        ("true && echo yes || echo no", "yes\n"),
        ("false && echo yes || echo no", "no\n"),
        ("false || false || echo third", "third\n"),
        ("! false && echo negated", "negated\n"),
        ("false; echo $?", "1\n"),
        ("A=1; B=$A$A; echo $B", "11\n"),
        ("A=1 env | grep ^A=; echo [$A]", "A=1\n[]\n"),
        ("export X=5; sh -c 'echo $X $0 $1' name arg", "5 name arg\n"),
        ("echo $(echo inner; echo more)", "inner more\n"),
        ("echo `echo old`", "old\n"),
        ("(cd /tmp; pwd); pwd", "/tmp\n/\n"),
        ("{ cd /tmp; pwd; }; pwd", "/tmp\n/tmp\n"),
        ("cd /etc/conf && cat app.ini", "a=1\nb=2\n"),
        ("cd /tmp; cd ..; cd -; pwd", "/tmp\n"),
        ("echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f", "one\ntwo\n"),
        ("cat < /etc/hostname", "web-0\n"),
        ("ls /nope 2>/dev/null; echo $?", "1\n"),
        ("ls /nope 2>&1", "ls: /nope: No such file or directory\n"),
        ("env | sort | head -1", "EMPTY=\n"),
        ("echo 'b\na' | sort", "a\nb\n"),
        ("cat /etc/conf/app.ini | grep -c =", "2\n"),
        ("echo a b c | wc -w", "3\n"),
        ("ls /etc", "conf\nhostname\n"),
        ("ls -a /etc", ".hidden\nconf\nhostname\n"),
        ("mkdir -p /tmp/a/b; touch /tmp/a/b/c; ls /tmp/a/b; rm -r /tmp/a; ls /tmp", "c\n"),
        ("whoami; hostname; uname; uname -m", "root\nweb-0\nLinux\nx86_64\n"),
        ("id -u; id", "0\nuid=0(root) gid=0(root)\n"),
        ("date +%Y-%m-%d", "2026-01-02\n"),
        ('[ -f /etc/hostname ] && echo file; [ -d /etc ] && echo dir; [ -z "" ] && echo empty', "file\ndir\nempty\n"),
        ("[ 3 -gt 2 ] && [ a = a ] && ! [ a != a ] && echo ok", "ok\n"),
        ("test -e /nope || echo gone", "gone\n"),
        ("command -v bash >/dev/null 2>&1 && echo has", "has\n"),
        ("which sh", "/bin/sh\n"),
        ("printf '%s-%d\\n' a 1 b 2", "a-1\nb-2\n"),
        ("echo aGk= | base64 -d", "hi"),
        ("exec echo last; echo never", "last\n"),
        ("# nothing\necho a # b", "a\n"),
        ("echo one \\\n two", "one two\n"),
        ("echo ~ ~/x", "/root /root/x\n"),
        ("basename /a/b; dirname /a/b", "b\n/a\n"),
        ("printenv GREETING", "hello world\n"),
        ("echo a | read X; echo done", "done\n"),
        ("unset GREETING; echo [$GREETING]", "[]\n"),
    ],
)
def test_a_script_prints_what_a_shell_prints(script: str, output: str) -> None:
    printed, errors, _ = sh(script)
    assert (printed, errors) == (output, "")


@pytest.mark.parametrize(
    ("script", "code", "errors"),
    [
        ("exit 3", 3, ""),
        ("exit 300", 44, ""),
        ("false", 1, ""),
        ("(exit 4); exit $?", 4, ""),
        ("sh -c 'exit 6'", 6, ""),
        ("nope", 127, "sh: nope: not found\n"),
        ("/bin/nope", 127, "sh: /bin/nope: No such file or directory\n"),
        ("cat /nope", 1, "cat: /nope: No such file or directory\n"),
        ("cat /etc", 1, "cat: /etc: Is a directory\n"),
        ("cd /nope", 2, "sh: cd: can't cd to /nope: No such file or directory\n"),
        ("echo x > /etc/conf/app.ini", 1, "sh: can't open /etc/conf/app.ini: Read-only file system\n"),
        ("echo x > /none/file", 1, "sh: can't open /none/file: nonexistent directory\n"),
        ("rm /nope", 1, "rm: /nope: No such file or directory\n"),
        ("rm -f /nope", 0, ""),
        ("sleep x", 1, "sleep: invalid number 'x'\n"),
        ("echo 'open", 2, "sh: syntax error: unterminated quoted string\n"),
        ("echo a &&", 2, "sh: syntax error: unexpected end of file\n"),
        ("(echo a", 2, 'sh: syntax error: expecting ")"\n'),
        ("for x in 1; do echo; done", 2, 'sh: syntax error: this simulated shell does not know "for"\n'),
        ("sh /nope.sh", 127, "sh: can't open '/nope.sh': No such file or directory\n"),
    ],
)
def test_a_script_fails_as_a_shell_fails(script: str, code: int, errors: str) -> None:
    _, said, ended = sh(script)
    assert (ended, said) == (code, errors)


def test_sleeping_takes_time() -> None:
    assert finish(Shell.inside(machine()).run_text("sleep 1; sleep 2m"))[3] == 121


def test_a_script_in_a_file_runs() -> None:
    files = {"/entry.sh": b"echo $1\nexit 2\n"}
    assert sh("sh /entry.sh arg", image_files=files) == ("arg\n", "", 2)


def test_a_small_image_has_no_bash() -> None:
    assert sh("bash -c true", has_bash=False)[2] == 127


def test_what_is_written_stays_for_the_next_shell() -> None:
    disk: dict[str, bytes | None] = {}
    sh("echo kept > /tmp/note", disk=disk)
    assert sh("cat /tmp/note", disk=disk)[0] == "kept\n"


def test_a_disk_has_an_end() -> None:
    inside = machine()
    inside.write("/tmp/big", b"x" * 4_000_000)
    _, errors, code, _ = finish(Shell.inside(inside).run_text("cat /tmp/big > /tmp/copy"))
    assert (errors, code) == ("write error: No space left on device\n", 1)
    with pytest.raises(Exception, match="No space left on device"):
        inside.write("/tmp/more", b"x" * 400_000)


def test_a_conversation_prompts_and_keeps_its_place() -> None:
    shell = Shell.inside(machine(), is_terminal=True)
    run = shell.converse()
    assert run.send(None) == Read("/ # ")
    assert run.send("cd /tmp\n") == Read("/tmp # ")
    assert run.send("echo $PWD\n") == Out(1, "/tmp\n")


def test_the_end_of_input_ends_a_conversation_with_the_last_code() -> None:
    output, _, code, _ = finish(Shell.inside(machine()).converse(), ("echo a\n", "false\n"))
    assert (output, code) == ("a\n", 1)


def test_an_interrupt_ends_the_command_and_not_the_conversation() -> None:
    run = Shell.inside(machine(), is_terminal=True).converse()
    next(run)
    assert run.send("sleep 100\n") == Sleep(100)
    assert run.throw(InterruptedShellError()) == Read("/ # ")
    assert run.send("echo $?\n") == Out(1, "130\n")


def test_endless_nesting_is_stopped() -> None:
    files = {"/loop.sh": b"sh /loop.sh\n"}
    assert "too many nested shells" in sh("sh /loop.sh", image_files=files)[1]


def test_a_user_without_rights_has_another_sign() -> None:
    shell = Shell.inside(machine(user="user1000", user_id=1000))
    assert shell.prompt() == "/ $ "
    assert sh("whoami; id -u", user="user1000", user_id=1000)[0] == "user1000\n1000\n"
