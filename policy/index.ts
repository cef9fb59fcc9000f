import { PolicyPack } from "@pulumi/policy";
import { imagesByDigest } from "./policies/images.ts";
import { agreedNames, ownedContainers } from "./policies/names.ts";
import { plainTextOutputs, plainTextSecrets } from "./policies/plainTextSecrets.ts";
import {
    immutableVersions,
    privateRepositories,
    protectedRepositories,
} from "./policies/production.ts";
import { robotsOfOneRepository, robotsWriteAtMost } from "./policies/robots.ts";
import { hardenedWorkflows } from "./policies/workflows.ts";
import { readRequests } from "./requests.ts";

process.chdir(import.meta.dirname); // the SDK reads the pack's version from the package.json there
readRequests();

new PolicyPack("mlops", {
    enforcementLevel: "mandatory",
    policies: [
        plainTextSecrets,
        plainTextOutputs,
        robotsWriteAtMost,
        robotsOfOneRepository,
        hardenedWorkflows,
        imagesByDigest,
        agreedNames,
        ownedContainers,
        // Where they hold is for the environment to say: --policy-pack-config policy/production.json
        immutableVersions,
        protectedRepositories,
        privateRepositories,
    ],
});
