// Runs one Responses request with the npm openai package: as a stream that the
// package puts together itself, and not streamed. Prints one JSON object.
// usage: node openai.mjs BRIDGE-URL REQUEST-JSON
import OpenAI from 'openai';

const [, , url, request] = process.argv;
const body = JSON.parse(request);
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });

const stream = client.responses.stream(body);
// What the package has put together so far stands in each delta that it hands on.
const together = {};
for (const kind of ['output_text', 'function_call_arguments']) {
  stream.on(`response.${kind}.delta`, (event) => {
    together[event.output_index] = event.snapshot;
  });
}
const events = [];
stream.on('event', ({ type, output_index, sequence_number, item_id }) => {
  events.push({ type, index: output_index ?? -1, sequence: sequence_number, item: item_id ?? '' });
});
const streamed = await stream.finalResponse();
const whole = await client.responses.create(body);
process.stdout.write(JSON.stringify({ events, together: Object.values(together), streamed, whole }));
