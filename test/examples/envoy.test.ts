/** Envoy itself is not run: that the configuration is YAML, and says what the guide promises, is checked. */
import { join } from 'node:path';
import { run } from '../../dev/commands';
import { requirePython } from '../support/tools';

const file = join(__dirname, '..', '..', 'examples', 'envoy', 'envoy.yaml');

test('the example for Envoy is YAML: ext_authz before the router, and 403 becomes 402', async () => {
  const env = await requirePython([['pyyaml', 'yaml']]);
  const { code, output } = await run('python3', ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))', file], { timeoutMs: 30_000, env });
  expect(code).toBe(0);
  const { static_resources: { listeners, clusters } } = JSON.parse(output);
  const [edge, authorize] = listeners.map((listener: any) => listener.filter_chains[0].filters[0].typed_config);
  expect(edge.http_filters.map(({ name }: any) => name)).toEqual(['envoy.filters.http.lua', 'envoy.filters.http.ext_authz', 'envoy.filters.http.router']);
  expect(edge.http_filters[1].typed_config).toMatchObject({ failure_mode_allow: false, http_service: { server_uri: { cluster: 'authorize' } } });
  expect(edge.local_reply_config.mappers).toMatchObject([{ status_code: 402 }]);
  expect(authorize.http_filters[0].typed_config.default_source_code.inline_string).toContain('"/v1/authorize"');
  expect(clusters.map(({ name }: any) => name)).toEqual(['inference', 'authorize', 'ballast']);
}, 240_000);
