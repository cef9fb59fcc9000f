import { runCommand } from "../../operations/commandLine.ts";
import { packageSchema } from "../../quay/provider/schema.ts";
import { storeBaseline } from "./baseline.ts";

const usage = `Stores the Quay provider's schema as that of a release, in schema.json beside this
program: npm run generate compares with it from then on.

  node toolchain/released/store.ts

  --help   this text

Run it in the commit that releases, after the version was raised.`;

await runCommand({ usage, options: {} }, () => storeBaseline(packageSchema()));
