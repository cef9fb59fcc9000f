/** What the npm package `mlops` exports: the program of a project, and its components. */
export * from "../../components/index.ts";
export { stack } from "../../stack.ts";
