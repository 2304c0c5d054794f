// A stdio MCP server with two tools: one gives its text back reversed, one
// shows a picture. JSON-RPC, one message a line.
import { createInterface } from 'node:readline';

const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const tools = [
  {
    name: 'reverse',
    description: 'Gives the text back from its end to its beginning.',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  },
  { name: 'picture', description: 'Shows a picture.', inputSchema: { type: 'object', properties: {} } },
];

function call({ name, arguments: args }) {
  switch (name) {
    case 'reverse':
      return [{ type: 'text', text: [...args.text].reverse().join('') }];
    case 'picture':
      return [{ type: 'image', data: pixel, mimeType: 'image/png' }];
  }
  throw new Error(`no tool ${name}`);
}

function answer(method, params) {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'notes', version: '1.0.0' },
      };
    case 'tools/list':
      return { tools };
    case 'tools/call':
      return { content: call(params) };
    case 'ping':
      return {};
  }
  return undefined;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const result = answer(method, params);
  const reply = result ? { result } : { error: { code: -32601, message: `no method ${method}` } };
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...reply }) + '\n');
}
