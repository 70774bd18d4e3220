// The documents, by the ecosystem's own validators: those of the platform and
// those of a tree that has everything. Then the same documents broken on
// purpose, since a validator that finds nothing in them would be none.
import assert from "node:assert/strict";

import YAML from "yaml";

import { cases } from "../e2e/lib/expect.mjs";
import { asyncApiFindings, compiler, golden, openApiFindings, written } from "./lib.mjs";

const trees = { platform: [], golden: ["--descriptors", golden] };
const table = {};

async function rejectsMutants(text, mutants, findings) {
  for (const [name, mutate] of Object.entries(mutants)) {
    const document = YAML.parse(text);
    mutate(document);
    const found = await findings(YAML.stringify(document));
    assert.notDeepEqual(found.filter((line) => line.startsWith("error")), [], `${name} was not found`);
  }
}

for (const [tree, flags] of Object.entries(trees)) {
  const openapi = written("openapi", ...flags);
  const asyncapi = written("asyncapi", ...flags);

  table[`openapi of the ${tree}: Redocly finds nothing`] = () => assert.deepEqual(openApiFindings(openapi), []);

  table[`openapi of the ${tree}: every schema is one, by the metaschema, and used`] = () => {
    const document = JSON.parse(written("openapi", "--json", ...flags));
    const compile = compiler(document);
    const text = JSON.stringify(document);
    for (const [name, { required = [], properties = {} }] of Object.entries(document.components.schemas)) {
      compile(`/components/schemas/${name}`);
      assert.ok(text.includes(`"#/components/schemas/${name}"`), `nothing refers to ${name}`);
      for (const field of required) assert.ok(properties[field], `${name} requires ${field}, which it has not`);
    }
  };

  for (const payload of ["json-schema", "protobuf"]) {
    table[`asyncapi of the ${tree}, ${payload}: the parser finds nothing`] = async () => {
      const { document, findings } = await asyncApiFindings(written("asyncapi", "--payload", payload, ...flags));
      assert.deepEqual(findings, []);
      // Parsed payloads, not texts that nobody looked into.
      for (const message of document.allMessages().all()) {
        if (message.name() === "Replayed") continue;
        assert.ok(Object.keys(message.payload().properties()).length > 0, message.name());
      }
    };
  }

  table[`asyncapi and openapi of the ${tree}: YAML reads as the JSON does, and is the same each time`] = () => {
    for (const [name, text] of Object.entries({ openapi, asyncapi })) {
      assert.deepEqual(YAML.parse(text), JSON.parse(written(name, "--json", ...flags)));
      assert.equal(text, written(name, ...flags));
    }
  };

  if (tree !== "platform") continue;

  table[`openapi of the ${tree}: broken ones are refused`] = () =>
    rejectsMutants(
      openapi,
      {
        "a reference to nothing": (d) => {
          delete d.components.schemas.ErrorDetail;
        },
        "a schema of no type": (d) => {
          Object.values(d.components.schemas)[0].type = "struct";
        },
        "an answer without a description": (d) => {
          delete Object.values(d.paths)[0].post.responses[200].description;
        },
        "an operation's name twice": (d) => {
          const posts = Object.values(d.paths).map(({ post }) => post);
          posts[0].operationId = posts[1].operationId;
        },
      },
      openApiFindings,
    );

  table[`asyncapi of the ${tree}: broken ones are refused`] = () =>
    rejectsMutants(
      asyncapi,
      {
        "a reference to nothing": (d) => {
          delete d.components.schemas.CloudEventHeaders;
        },
        "an operation that does neither": (d) => {
          Object.values(d.operations)[0].action = "emit";
        },
        "a payload of no type": (d) => {
          Object.values(d.components.schemas)[0].type = "struct";
        },
        "partitions of no number": (d) => {
          Object.values(d.channels)[0].bindings.kafka.partitions = "many";
        },
        "a message of another channel": (d) => {
          const [a, b] = Object.values(d.operations);
          a.messages[0].$ref = b.messages[0].$ref.replace(/[^/]*$/, "Nothing");
        },
      },
      async (text) => (await asyncApiFindings(text)).findings,
    );
}

await cases(table);
