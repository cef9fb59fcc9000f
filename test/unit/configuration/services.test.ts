import { deepEqual, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../components/messages/userError.ts";
import { readServices } from "../../../configuration/services.ts";
import { root } from "../files.ts";

describe("a table of services", () => {
    const home = process.cwd();
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "services-"));
        process.chdir(folder);
        for (const owner of ["alice", "Alice"]) writeFileSync(`Pulumi.${owner}.yaml`, "");
    });
    afterEach(() => {
        process.chdir(home);
        rmSync(folder, { recursive: true });
    });

    const header = "name,repository,namespace,owner";
    const read = (...rows: string[]) => {
        writeFileSync("services.csv", [header, ...rows, ""].join("\n"));
        return readServices("services.csv", "alice");
    };
    const good = "scores,scores-api,models,alice";

    it("has a service in each row, and a stack has those of its owner", () => {
        deepEqual(read("churn,churn,models,Alice", good), [
            { name: "scores", repository: "scores-api", namespace: "models", owner: "alice" },
        ]);
    });

    it("is refused for an owner without a row: the stack would lose all that it has", () => {
        throws(() => read(), {
            name: "Error",
            message:
                "services.csv has no service of alice, as this stack is called. It has those " +
                "of: nobody. To delete all that a stack has, run `pulumi destroy`.",
        });
        throws(() => read("churn,churn,models,Alice"), /no service of alice, .+ those of: Alice\./);
    });

    it("is read as Excel writes it: with a byte order mark, and CRLF at each line's end", () => {
        const rows = read(good);
        writeFileSync("services.csv", `\uFEFF${header}\r\n${good}\r\n`);
        deepEqual(readServices("services.csv", "alice"), rows);
    });

    it("is refused in one line where it cannot be read", () => {
        mkdirSync("folder");
        for (const [file, problem] of [
            ["none.csv", "ENOENT: no such file or directory, open 'none.csv'"],
            ["folder", "EISDIR: illegal operation on a directory, read"],
        ] as const)
            throws(
                () => readServices(file, "alice"),
                new UserError(`The table of services cannot be read: ${problem}`),
            );
    });

    for (const [row, problem] of [
        ["My Scores,a,models,alice", /row 3 \(My Scores\), name = "My Scores": must be /],
        ["a2,,models,alice", /row 3 \(a2\), repository = "": must /],
        ["a2,a b,models,alice", /row 3 \(a2\), repository = "a b": must /],
        ["a2,a,Models,alice", /row 3 \(a2\), namespace = "Models": must be /],
        ["a2,a,models,../x", /row 3 \(a2\), owner = "\.\.\/x": must be an account on GitHub/],
        ["a2,a,models,bob", /row 3 \(a2\), owner = "bob": has no stack, Pulumi\.bob\.yaml/],
        ["a2,a,models", /row 3 \(a2\), 3 values: must be 4, name,repository,namespace,owner/],
        [
            "scores,b,models,alice",
            /row 3 \(scores\), name = "scores": must be another than row 2's/,
        ],
        [
            "scores,b,others,alice",
            /row 3 \(scores\), name = "scores": must be another than row 2's/,
        ],
        [
            "b2,scores-api,b,alice",
            /row 3 \(b2\), repository = "scores-api": must be another than row 2's/,
        ],
        [
            "b2,Scores-API,b,Alice",
            /row 3 \(b2\), repository = "Scores-API": must be another than row 2's/,
        ],
    ] as const)
        it(`is refused with the row and the key: ${row}`, () => {
            throws(() => read(good, row), problem);
        });

    it("is refused with every problem at once, in lines of their own, and no control characters", () => {
        throws(() => read("A,a,models,alice", "b\u001b[2J,b,models,alice"), {
            name: "Error",
            message:
                /^The table of services has 2 problems \(services\.csv\):\n {2}row 2 \(A\), name = "A": [^\n]+\n {2}row 3 \([^\u001b\n]+\), name = [^\u001b\n]+$/,
        });
    });

    for (const [what, text] of [
        ["other columns", "name,team\n"],
        ["semicolons", `${header.replaceAll(",", ";")}\n`],
        ["spaces", `${header.replaceAll(",", ", ")}\n`],
        ["UTF-16", Buffer.from(`\uFEFF${header}\n`, "utf16le")],
    ] as const)
        it(`is refused with ${what}`, () => {
            writeFileSync("services.csv", text);
            throws(
                () => readServices("services.csv", "alice"),
                /^Error: services\.csv, row 1 = "[^\n]+": must be name,repository,namespace,owner, with commas, without spaces or quotes, saved as UTF-8$/,
            );
        });

    it("of the example has thirty services, ten of each owner", () => {
        process.chdir(join(root, "examples/platform"));
        const owners = ["alpha", "beta", "gamma"];
        deepEqual(
            owners.map((owner) => readServices("services.csv", owner).length),
            [10, 10, 10],
        );
        const { version } = JSON.parse(readFileSync("../../package.json", "utf8")) as {
            version: string;
        };
        const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
            dependencies: object;
        };
        deepEqual(dependencies, { mlops: version });
    });
});
