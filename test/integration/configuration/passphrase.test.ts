import { throws } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requirePassphrase } from "../../../configuration/passphrase.ts";
import { temporary } from "../../../sandbox/project.ts";

describe("an empty passphrase", () => {
    let folder: string;
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_BACKEND_URL: backend } = process.env;
    before(() => {
        folder = temporary("passphrase");
        process.env["PULUMI_CONFIG_PASSPHRASE"] = "";
        process.env["PULUMI_BACKEND_URL"] = "s3://state";
    });
    after(() => {
        for (const [name, value] of Object.entries({
            PULUMI_CONFIG_PASSPHRASE: passphrase,
            PULUMI_BACKEND_URL: backend,
        })) {
            if (value === undefined) Reflect.deleteProperty(process.env, name);
            else process.env[name] = value;
        }
        rmSync(folder, { recursive: true });
    });
    const check = (text: string) => () => {
        const file = join(folder, "Pulumi.prod.yaml");
        writeFileSync(file, text);
        requirePassphrase(file);
    };

    for (const text of [
        "encryptionsalt: v1:x\n",
        '"encryptionsalt": v1:x\n',
        '{ secretsprovider: "", "encryption\\u0073alt": v1:x }\n',
        'secretsprovider: ""\n',
        "",
    ])
        it(`is refused where a passphrase decrypts the state: ${JSON.stringify(text)}`, () => {
            throws(check(text), /^Error: PULUMI_CONFIG_PASSPHRASE is empty/);
        });

    it("is accepted where something else does", () => {
        check("secretsprovider: awskms://alias/state\n")();
    });
});
