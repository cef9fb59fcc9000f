/** One resource of each of the given plugins: the lower bound for a stack that uses them. */
import * as docker from "@pulumi/docker";
import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as quay from "../../quay/sdk/index.ts";

const config = new pulumi.Config();
const namespace = config.require("namespace");
const declare = {
    docker: () => new docker.Network(config.require("network")),
    github: () =>
        new github.ActionsVariable("one", {
            repository: "MLOpsPython",
            variableName: "ONE",
            value: "one",
        }),
    quay: () => new quay.Repository("one", { namespace, name: "one", visibility: "private" }),
    random: () => new random.RandomPassword("one", { length: 32 }),
};
for (const plugin of config.requireObject<(keyof typeof declare)[]>("plugins")) declare[plugin]();
