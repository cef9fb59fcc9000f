/**
 * The services of terraform/services as a plain Pulumi program: the lower bound for the framework.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as docker from "@pulumi/docker";
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { serviceName } from "../names.ts";

const config = new pulumi.Config();
const registry = config.require("registry");
const namespace = config.require("namespace");
const registryAuth = [
    {
        address: `http://${registry}`,
        username: "$oauthtoken",
        password: process.env["QUAY_TOKEN"] ?? "",
    },
];
const provider = new docker.Provider("docker", { registryAuth });

const digests: Record<string, pulumi.Output<string>> = {};
for (let i = 1; i <= config.requireNumber("services"); i++) {
    const service = serviceName(i);
    const context = `${config.require("contexts")}/${service}`;
    const hash = createHash("sha256");
    for (const file of readdirSync(context).sort())
        hash.update(file).update(readFileSync(`${context}/${file}`));
    const triggers = { content: hash.digest("hex") };
    const name = `${registry}/${namespace}/${service}:1.0.0`;
    const image = new docker.RemoteImage(
        service,
        { name, build: { context }, triggers },
        { provider },
    );
    const pushed = new docker.RegistryImage(
        service,
        { name: image.name, keepRemotely: true, triggers },
        { provider },
    );
    const password = new random.RandomPassword(service, { length: 32, special: false });
    const { environment } = new github.RepositoryEnvironment(service, {
        repository: service,
        environment: "prod",
    });
    const at = { repository: service, environment };
    const user = `${namespace}+${service.replace("-", "_")}`;
    new github.ActionsEnvironmentSecret(`${service}-user`, {
        ...at,
        secretName: "QUAY_USER",
        value: user,
    });
    new github.ActionsEnvironmentSecret(`${service}-pwd`, {
        ...at,
        secretName: "QUAY_PWD",
        value: password.result,
    });
    new github.RepositoryFile(service, {
        repository: service,
        branch: "main",
        file: ".github/workflows/quay-deploy.yml",
        commitMessage: `Deploy ${service}`,
        content: image.name.apply((image) => workflow(service, image)),
    });
    digests[service] = pushed.sha256Digest;
}
export { digests };

function workflow(service: string, image: string): string {
    return `name: quay-deploy
on:
  push:
    branches: [main]
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: prod
    steps:
      - uses: actions/checkout@v4
      - name: Log in
        run: echo "$QUAY_PWD" | docker login -u "$QUAY_USER" --password-stdin ${registry}
        env:
          QUAY_USER: \${{ secrets.QUAY_USER }}
          QUAY_PWD: \${{ secrets.QUAY_PWD }}
      - name: Build and push ${service}
        run: docker build -t ${image} . && docker push ${image}
`;
}
