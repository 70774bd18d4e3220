"""Shows that the checks find what they look for, and pass what is right."""

import sys

import layering
import lint
import security

WRONG_INCLUDES = [
    ("libs/base/x.cc", '#include "loop/promise.h"\n', "layer 2"),
    ("libs/events/x.cc", '#include "contract/event.h"\n', "layer 3"),
    ("libs/bus/x.h", '#include "runtime/host.h"\n', "layer 6"),
    ("libs/bus/x.h", '#include "users/v1/users.millrace.h"\n', "knows no service"),
    ("services/users/rpc.cc", '#include "services/admin/store.h"\n', "share only contracts"),
    ("libs/http/x.cc", "#include <uv.h>\n", "libs/loop/"),
    ("services/users/store.cc", "#include <soci/soci.h>\n", "libs/store/"),
    ("libs/bus/relay.cc", "#include <librdkafka/rdkafka.h>\n", "libs/bus/kafka/"),
    ("tools/millrace/main.cc", "#include <grpcpp/grpcpp.h>\n", "libs/rpc/"),
]
RIGHT_INCLUDES = [
    ("libs/bus/x.cc", '#include "store/database.h"\n#include "bus/inbox.h"\n'),
    ("libs/bus/kafka/x.cc", "#include <librdkafka/rdkafka.h>\n"),
    ("services/users/rpc.cc", '#include "users/v1/users.millrace.h"\n#include "services/users/domain.h"\n'),
    ("tests/bench/peer.cc", "#include <uv.h>\n"),
]
GUARD = "#ifndef A_H_\n#define A_H_\n"
WRONG_CODE = [
    ("a.cc", "auto f = [=] { return x; };\n", "by copy"),
    ("a.cc", "Run([this]() -> Promise<void> { co_await Delay(); });\n", "is a coroutine"),
    ("a.cc", "auto f = [&x](int y) {\n  if (y) co_return;\n};\n", "is a coroutine"),
    ("a.cc", "co_await Run([x] { return x; });\n", "destroys twice"),
    ("a.cc", "co_await Run([a = std::move(b), &c](int d) {\n  F(); });\n", "destroys twice"),
    ("libs/a.cc", "Log(user.ShortDebugString());\n", "sensitive fields"),
    ("a.h", GUARD + "using namespace std;\n#endif\n", "using namespace"),
    ("a.h", "int x;\n", "include guard"),
    ("a.cc", "int x;\n" * 401, "401 lines"),
]
RIGHT_CODE = [
    ("a.cc", "auto f = [] () -> Promise<void> { co_await Delay(); };\n"),
    ("a.cc", "auto f = [this, x] { return x; };  // not [=]\n"),
    ("a.cc", "Promise<void> F() {\n  v[i] = 1;\n  co_await G([&x] { ++x; });\n}\n"),
    ("a.cc", "co_await Run([&x, this] { return x[y]; });\nauto f = [x] { G(); };\n"),
    ("a.cc", "// long: a table of cases.\n" + "int x;\n" * 401),
    ("libs/a_test.cc", "Log(user.DebugString());\n"),
    ("libs/a.cc", "Log(DebugText(user));  // not user.DebugString()\n"),
    ("a.h", GUARD + "#endif\n"),
]


# A document of ten risks, and what is wrong with it when a part is.
RISK = "## API{}: a risk\n\n**Does.** x\n\n**Left.** y\n\n**Shown by** `A.B`,\n`c.d`.\n\n"
RISKS = "".join(map(RISK.format, range(1, 11)))
TESTS = security.tests_in("a.cc", "TEST_F(A, B) {") | security.tests_in(
    "CMakeLists.txt", "foreach(x IN ITEMS d e)\n add_test(NAME c.${x} COMMAND y)\nendforeach()")
WRONG_DOCUMENTS = [
    (RISKS.replace("`A.B`", "`A.C`", 1), "API1 names A.C, which is no test"),
    (RISKS.replace("`c.d`", "`c.f`", 1), "API1 names c.f, which is no test"),
    (RISKS.replace("**Shown by**", "By", 1), "API1 names no test"),
    (RISKS.replace("**Left.**", "", 1), "API1 has no **Left.**"),
    (RISKS.replace("## API4", "## 4"), "the sections are not"),
]


def security_failures():
    failures = []
    for document, expected in WRONG_DOCUMENTS:
        found = "\n".join(security.findings_in(document, TESTS))
        if expected not in found:
            failures.append(f"security misses {expected!r}: {found!r}")
    if found := security.findings_in(RISKS, TESTS):
        failures.append(f"security wrongly reports {found}")
    return failures


def main():
    failures = []
    for check, wrong, right in (
        (layering, WRONG_INCLUDES, RIGHT_INCLUDES),
        (lint, WRONG_CODE, RIGHT_CODE),
    ):
        for path, text, expected in wrong:
            found = "\n".join(check.findings_in(path, text))
            if expected not in found:
                failures.append(f"{check.__name__} misses {text[:60]!r}: {found!r}")
        for path, text in right:
            found = check.findings_in(path, text)
            if found:
                failures.append(f"{check.__name__} wrongly reports {found}")
    failures += security_failures()
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
