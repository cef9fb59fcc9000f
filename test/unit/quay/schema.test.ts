import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { generateSdk } from "../../../quay/provider/generate.ts";
import { packageSchema } from "../../../quay/provider/schema.ts";

describe("the package schema and the TypeScript classes", () => {
    it("are those of the resources and functions (npm run generate)", async () => {
        for (const [file, text] of await generateSdk())
            assert.equal(readFileSync(file, "utf8"), text, `${file} is out of date`);
    });

    it("describe every property", () => {
        const { resources, functions, types, config } = packageSchema();
        const described = [
            ...Object.values(resources).flatMap(({ properties, inputProperties }) => [
                properties,
                inputProperties,
            ]),
            ...Object.values(functions).flatMap(({ inputs, outputs }) => [
                inputs.properties,
                outputs.properties,
            ]),
            ...Object.values(types).map(({ properties }) => properties),
            config.variables,
        ].flatMap((properties) => Object.entries(properties ?? {}));
        assert.ok(described.length > 100);
        for (const [key, { description }] of described) assert.ok(description, key);
    });

    it("mark what is secret", () => {
        const secrets = Object.entries(packageSchema().resources).flatMap(
            ([token, { properties = {} }]) =>
                Object.entries(properties).flatMap(([key, { secret }]) =>
                    secret === true ? [`${token}.${key}`] : [],
                ),
        );
        assert.deepEqual(secrets, [
            "quay:index:Robot.token",
            "quay:index:PromotedImage.sourceCredentials",
            "quay:index:PromotedImage.targetCredentials",
            "quay:index:Notification.config",
            "quay:index:RepositoryMirror.password",
            "quay:index:ProxyCache.password",
        ]);
    });
});
