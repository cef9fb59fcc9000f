/** What the npm package `mlops` exports: the program of a project, and its components. */
export * from "../../components/all.ts";
export { readServices, type Service } from "../../configuration/services.ts";
export { stack } from "../../stack.ts";
