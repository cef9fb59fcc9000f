import { deepEqual, equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { files, root } from "../../unit/files.ts";

const answers = {
    npm: {
        nothing: "echo found 0 vulnerabilities",
        found: "echo '# npm audit report'; echo; echo '1 high severity vulnerability'; exit 1",
        silent: "echo npm error audit endpoint returned an error >&2; exit 1",
    },
    pip: {
        nothing: "echo No known vulnerabilities found >&2",
        found: "echo Found 2 known vulnerabilities in 1 package >&2; exit 1",
        silent: 'echo "ERROR: Could not connect to PyPI\'s vulnerability feed" >&2; exit 1',
    },
};
type Answer = "nothing" | "found" | "silent";

/** Runs the audit with an npm and a pip-audit that answer so. */
function audit(npm: Answer, pip: Answer) {
    const bin = mkdtempSync(join(tmpdir(), "audit-"));
    const command = (name: string, script: string): void => {
        writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    };
    command("npm", answers.npm[npm]);
    command("pip-audit", `echo "$*" >>"${bin}/asked"; ${answers.pip[pip]}`);
    command(
        "python3",
        `mkdir -p "$3/bin"; ln -s /bin/true "$3/bin/pip"; cp "${bin}/pip-audit" "$3/bin"`,
    );
    const { status, stdout } = spawnSync("toolchain/audit.sh", {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    });
    const asked = readFileSync(join(bin, "asked"), "utf8");
    rmSync(bin, { recursive: true });
    return { status, stdout, asked };
}

describe("the audit of the pinned packages", () => {
    it("passes where nothing is known", () => {
        equal(audit("nothing", "nothing").status, 0);
    });

    for (const [npm, pip] of [
        ["found", "nothing"],
        ["nothing", "found"],
        ["silent", "found"],
    ] as const)
        it(`fails for a known vulnerability: npm ${npm}, pip-audit ${pip}`, () => {
            const { status, stdout } = audit(npm, pip);
            equal(status, 1);
            match(stdout, /vulnerabilit/);
        });

    it("leaves out a registry that does not answer, and says so", () => {
        const { status, stdout } = audit("silent", "silent");
        equal(status, 0);
        match(stdout, /^npm: left out, because the registry does not answer: npm error/m);
        match(stdout, /^service\/requirements\.txt: left out, .*Could not connect/m);
    });

    it("asks about every list of Python packages", () => {
        const { asked } = audit("nothing", "nothing");
        deepEqual(
            asked.match(/\S+requirements\S*\.txt/g)?.toSorted(),
            // test/services/ has services as other people write them.
            files.filter((file) => /^(?!test\/).*\/requirements[\w-]*\.txt$/.test(file)).toSorted(),
        );
    });
});
