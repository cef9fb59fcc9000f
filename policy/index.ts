import { PolicyPack } from "@pulumi/policy";
import { disruptionBudgets, replicatedServices } from "./policies/availability.ts";
import { baseImagesByDigest } from "./policies/baseImages.ts";
import { imagesByDigest } from "./policies/images.ts";
import { agreedNames, ownedContainers } from "./policies/names.ts";
import { plainTextOutputs, plainTextSecrets } from "./policies/plainTextSecrets.ts";
import { restrictedPods, sizedPods } from "./policies/pods.ts";
import {
    immutableVersions,
    privateRepositories,
    protectedRepositories,
} from "./policies/production.ts";
import { robotsOfOneRepository, robotsWriteAtMost } from "./policies/robots.ts";
import { hardenedWorkflows } from "./policies/workflows.ts";
import { readRequests } from "./requests.ts";

// The SDK reads the pack's version from the package.json of the working folder.
process.chdir(import.meta.dirname);
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
        baseImagesByDigest,
        restrictedPods,
        sizedPods,
        agreedNames,
        ownedContainers,
        // Disabled by default; enabled with --policy-pack-config policy/production.json
        immutableVersions,
        protectedRepositories,
        privateRepositories,
        replicatedServices,
        disruptionBudgets,
    ],
});
