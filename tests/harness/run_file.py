"""Run one unittest file, under CPython or MicroPython, and say what became of each test.

    run_file.py TEST_FILE [COVERAGE_FILE]

The unittest package 0.4 for MicroPython reports every error as a failure of the whole run at
best, and passes any assert under -O, so the loop over the tests stands here and only TestCase
is used. Each test gives one line `::begin:: Class::test`, what it prints, and one line
`::ok::`, `::skip::` or `::FAIL::` with the same name. `::done:: N` comes last.

Exit code: 0 when every test passed or was skipped and there was one, 77 when one failed, none
was found, or `assert` is switched off; anything else is a crash.
"""

import sys
import unittest

FAILED = 77


def asserts_work() -> bool:
    """Whether `assert` is compiled: under -O every test would pass."""
    try:
        assert False  # noqa: B011, PT015 - the very statement is on trial
    except AssertionError:
        return True
    return False


def show(error: BaseException) -> None:
    """Print the traceback of `error`."""
    if hasattr(sys, "print_exception"):
        sys.print_exception(error, sys.stdout)
    else:
        import traceback

        traceback.print_exception(error, file=sys.stdout)


def test_cases(module: object) -> list[type]:
    """The TestCase classes of `module`, by name."""
    found = []
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if isinstance(value, type) and issubclass(value, unittest.TestCase):
            found.append(value)
    return found


def run_test(case: type, name: str) -> str:
    """Run one test on an instance of its own; return "ok", "skip" or "FAIL"."""
    outcome = "FAIL"
    # CPython's TestCase wants the name of the method, the package's has no constructor.
    instance = case(name) if hasattr(case, "run") else case()
    try:
        if hasattr(instance, "setUp"):
            instance.setUp()
        try:
            if getattr(instance, name)() is None:
                outcome = "ok"
            else:
                print("the test returned a value: is it a coroutine or a generator?")
        finally:
            if hasattr(instance, "tearDown"):
                instance.tearDown()
    except unittest.SkipTest as skipped:
        print(skipped)
        outcome = "skip"
    except Exception as error:
        show(error)
        outcome = "FAIL"
    return outcome


def run_module(module: object) -> int:
    """Run every test of `module`, print the lines described above, return the exit code."""
    count = failed = 0
    for case in test_cases(module):
        for name in sorted(dir(case)):
            if not name.startswith("test") or not callable(getattr(case, name)):
                continue
            title = case.__name__ + "::" + name
            print("::begin::", title)
            outcome = run_test(case, name)
            print("::" + outcome + "::", title)
            count += 1
            failed += outcome == "FAIL"
    print("::done::", count)
    return FAILED if failed or not count else 0


def main() -> int:
    """Run the file named on the command line; return the exit code."""
    if not asserts_work():
        print("assert is switched off (-O): no test can fail")
        return FAILED
    folder, _, file = sys.argv[1].rpartition("/")
    sys.path.insert(0, folder or ".")
    code = run_module(__import__(file[: -len(".py")]))
    if len(sys.argv) > 2:
        import _cov

        _cov.save(sys.argv[2])
    return code


sys.exit(main())
