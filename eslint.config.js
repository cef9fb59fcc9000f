import pulumi from "@pulumi/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
    { ignores: ["**/node_modules/", "**/dist/", ".build/", "service/", "components/identity/"] },
    ...tseslint.configs.strictTypeChecked,
    {
        languageOptions: {
            parserOptions: {
                projectService: {
                    allowDefaultProject: [
                        "components/index.js",
                        "eslint.config.js",
                        "quay/index.js",
                    ],
                },
            },
        },
        plugins: { "@pulumi": pulumi },
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "error",
            "max-len": ["error", { code: 100, tabWidth: 4, ignoreUrls: true }],
            // A Pulumi program declares resources by making them.
            "@typescript-eslint/no-extraneous-class": "off",
        },
    },
    {
        // Titles of tests, and the texts that they compare.
        files: ["test/**"],
        rules: {
            "max-len": [
                "error",
                {
                    code: 100,
                    tabWidth: 4,
                    ignoreUrls: true,
                    ignoreStrings: true,
                    ignoreTemplateLiterals: true,
                    ignoreRegExpLiterals: true,
                },
            ],
        },
    },
    { files: ["quay/sdk/**"], rules: { "max-len": "off" } },
);
