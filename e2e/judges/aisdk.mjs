// Runs one prompt with @ai-sdk/openai through its Responses API: the SDK calls
// the tools itself and goes on with their results. Prints one JSON object.
// usage: node aisdk.mjs BRIDGE-URL PROMPT STORE
import { createOpenAI } from '@ai-sdk/openai';
import { jsonSchema, stepCountIs, streamText, tool } from 'ai';

const [, , url, prompt, store] = process.argv;
const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: 'unused' });

const calls = [];
const weather = tool({
  description: 'The weather of a city.',
  inputSchema: jsonSchema({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  }),
  execute: async (input) => {
    calls.push(input);
    return `It rains in ${input.city}.`;
  },
});

const errors = [];
const result = streamText({
  model: openai.responses('blockrun/auto'),
  prompt,
  tools: { weather },
  stopWhen: stepCountIs(4),
  maxRetries: 0,
  // Unless it is told not to store, the SDK names the items of earlier answers
  // instead of sending them. Only models that it knows to reason may ask for a
  // summary, unless it is told.
  providerOptions: { openai: { ...(store === 'false' && { store: false }), forceReasoning: true, reasoningSummary: 'auto' } },
  onError: ({ error }) => errors.push(String(error)),
});
const parts = [];
const deltas = [];
for await (const part of result.fullStream) {
  parts.push(part.type);
  if (part.type === 'text-delta') deltas.push(part.text);
}
process.stdout.write(
  JSON.stringify({
    parts,
    deltas: deltas.length,
    calls,
    errors,
    text: await result.text,
    reasoning: (await result.steps).map((step) => step.reasoningText ?? '').join(''),
    finish: await result.finishReason,
    steps: (await result.steps).length,
    usage: await result.totalUsage,
  }),
);
