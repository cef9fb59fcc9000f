import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readmeFor } from "../../../toolchain/release/readme.ts";
import { root } from "../files.ts";

describe("the README of a Python package", () => {
    const files = "https://github.com/acme/platform/blob/HEAD/";

    for (const file of ["quay/README.md", "contract/python/README.md"])
        it(`leads to files of the repository: ${file}`, () => {
            const text = readmeFor(file, "acme/platform");
            const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = ""]) => to);
            deepEqual(
                links.filter((to) => !/^(https?:|#)/.test(to)),
                [],
            );
            const own = links.filter((to) => to.startsWith(files));
            ok(own.length > 2, links.join());
            for (const to of own)
                ok(existsSync(join(root, to.slice(files.length).replace(/#.*/, ""))), to);
        });

    it("is that of the folder where no repository releases the package", () => {
        const file = "quay/README.md";
        equal(readmeFor(file, undefined), readFileSync(join(root, file), "utf8"));
    });
});
