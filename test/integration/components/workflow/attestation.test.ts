import { equal, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { script } from "../../../../components/workflow/steps.ts";

/** Runs the script with a `gh` that says this, as GitHub's does. */
function verify(says: string, code: number): { readonly status: number | null; output: string } {
    const folder = mkdtempSync(join(tmpdir(), "gh-"));
    try {
        const gh = `#!/bin/sh\nprintf '%s\\n' "$SAYS" >&2\nexit ${String(code)}\n`;
        writeFileSync(join(folder, "gh"), gh, { mode: 0o755 });
        const { status, stdout, stderr } = spawnSync("bash", ["-eo", "pipefail"], {
            input: script("fail", "verify-attestation"),
            encoding: "utf8",
            env: {
                PATH: `${folder}:${process.env["PATH"] ?? ""}`,
                SAYS: says,
                IMAGE: "quay.io/alice/digits@sha256:1",
                WORKFLOW: ".github/workflows/build.yml",
                GITHUB_REPOSITORY: "alice/service",
                GITHUB_OUTPUT: join(folder, "output"),
            },
        });
        return { status, output: stdout + stderr };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

describe("the verification of an attestation", () => {
    it("passes what gh passes", () => {
        equal(verify("verified", 0).status, 0);
    });

    const failures: [what: string, says: string, message: RegExp][] = [
        [
            "is missing",
            "Error: HTTP 404: Not Found (https://api.github.com/repos/alice/service/attestations)",
            /::error title=Attestation::GitHub has no attestation of \S+\. Release a version/,
        ],
        [
            "is another workflow's: gh's text, with its line breaks and its percent sign",
            "Loaded 1 attestation\nError: 100% verifying with issuer",
            /::error title=Attestation::No attestation shows that .*: Error: 100%25 verifying with/,
        ],
    ];
    for (const [what, says, message] of failures) {
        it(`says in one message that it ${what}`, () => {
            const { status, output } = verify(says, 1);
            equal(status, 1);
            match(output, message);
            equal(output.match(/^::error/gm)?.length, 1);
        });
    }
});
