import { deepEqual, equal, match } from "node:assert/strict";
import {
    DeliveredService,
    type DeliveredServiceArgs,
} from "../../../components/deliveredService.ts";
import { declare, type Declared, insideSecret, only } from "../mocks.ts";

const config = { "github:owner": "acme" };
const args: DeliveredServiceArgs = { namespace: "models", repository: "scores-api" };

describe("DeliveredService", () => {
    const deliver = (changed: Partial<DeliveredServiceArgs> = {}): Promise<Declared[]> =>
        declare(() => new DeliveredService("scores", { ...args, ...changed }), config);
    const fileOf = (declared: Declared[]): string =>
        String(only(declared, "github:index/repositoryFile:RepositoryFile").inputs["content"]);

    it("names the repository on Quay and its robot after the service", async () => {
        const declared = await deliver({ visibility: "public" });
        const { inputs } = only(declared, "quay:index:Repository");
        deepEqual(
            [inputs["namespace"], inputs["name"], inputs["visibility"]],
            ["models", "scores", "public"],
        );
        const permission = only(declared, "quay:index:RepositoryPermission").inputs;
        deepEqual([permission["robot"], permission["role"]], ["models+scores", "write"]);
    });

    it("gives the robot's credentials to the environment, as secrets", async () => {
        const secrets = (await deliver()).filter(({ type }) =>
            type.endsWith(":ActionsEnvironmentSecret"),
        );
        const values = secrets.map(({ inputs }) => [
            inputs["repository"],
            inputs["environment"],
            inputs["secretName"],
            insideSecret(inputs["value"]),
        ]);
        deepEqual(values.sort(), [
            ["scores-api", "quay", "QUAY_PWD", "token-of-scores"],
            ["scores-api", "quay", "QUAY_USER", "models+scores"],
        ]);
    });

    it("lets the branch and version tags alone use them", async () => {
        const patterns = (branch: string | undefined) =>
            deliver({ branch }).then((declared) =>
                declared
                    .filter(({ type }) => type.endsWith(":RepositoryEnvironmentDeploymentPolicy"))
                    .map(({ inputs }) => inputs["branchPattern"] ?? inputs["tagPattern"])
                    .sort(),
            );
        deepEqual(await patterns(undefined), ["main", "v*"]);
        deepEqual(await patterns("trunk"), ["trunk", "v*"]);
    });

    it("has the workflow build the folder, and try the port and the path", async () => {
        const given = await deliver({ context: "api", port: 9090, healthPath: "/health" });
        const text = fileOf(given);
        match(text, /context: api$/m);
        match(text, /9090/);
        match(text, /\/health/);
        match(fileOf(await deliver()), /8080/);
    });

    it("hands out the image, and stands beside others in a program", async () => {
        const images: string[] = [];
        const declared = await declare(() => {
            for (const name of ["scores", "churn"])
                new DeliveredService(name, { ...args, repository: name }).image.apply((image) =>
                    images.push(image),
                );
        }, config);
        deepEqual(images.sort(), ["quay.io/models/churn", "quay.io/models/scores"]);
        const keys = declared.map(({ type, name }) => `${type} ${name}`);
        equal(new Set(keys).size, keys.length);
    });
});
