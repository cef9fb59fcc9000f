import type { Func } from "../definition/function.ts";
import { getRepository } from "./getRepository.ts";
import { getRobot } from "./getRobot.ts";
import { getTag } from "./getTag.ts";
import { getVulnerabilities } from "./getVulnerabilities.ts";
import { listTags } from "./listTags.ts";

/** All functions of the package. */
export const functions: readonly Func[] = [
    getRepository,
    getRobot,
    getTag,
    listTags,
    getVulnerabilities,
];
