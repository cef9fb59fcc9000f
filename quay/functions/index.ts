import type { Func } from "../resource.ts";
import { getTag } from "./getTag.ts";

/** All functions of the package. */
export const functions: readonly Func[] = [getTag];
