/**
 * Writes what is generated: the SDK of the Quay provider, the JSON Schemas of the contract and of a
 * stack's file, and the README's list of configuration keys.
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as configuration from "../configuration/schema.ts";
import { withKeyList } from "../configuration/keyList.ts";
import { UserError } from "../components/messages/userError.ts";
import { breakingChanges, generateContract, schemaFile } from "../contract/schema.ts";
import { runCommand } from "../operations/commandLine.ts";
import { generateSdk } from "../quay/provider/generate.ts";
import { packageSchema } from "../quay/provider/schema.ts";
import { requireCompatible } from "./released/baseline.ts";

const usage = `Generates:

  quay/sdk/                                from the provider's definitions, unless that breaks
                                           programs of the last release and the version or the
                                           changelog does not say so
  Pulumi.schema.json, the README's keys    from configuration/sections/
  contract/outputs.schema.json             from contract/outputs.ts, unless that breaks the contract

  node toolchain/generate.ts

  --help   this text`;

await runCommand({ usage, options: {} }, async () => {
    requireCompatible(packageSchema());
    for (const [file, text] of await generateSdk()) writeFileSync(file, text);
    writeFileSync(configuration.schemaFile, await configuration.generateSchema());
    writeFileSync("README.md", withKeyList(readFileSync("README.md", "utf8")));
    const contract = await generateContract();
    const broken = breakingChanges(readFileSync(schemaFile, "utf8"), contract);
    if (broken.length > 0) {
        throw new UserError(
            `This change breaks the contract with other teams:\n  ${broken.join("\n  ")}\n` +
                "Undo it, or raise schemaVersion in contract/outputs.ts. A new field must be " +
                "optional.",
        );
    }
    writeFileSync(schemaFile, contract);
});
