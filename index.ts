import { stack } from "./stack.ts";

export default await stack();
