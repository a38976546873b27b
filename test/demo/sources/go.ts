import { type Files, repeat } from './files.js';

const PACKAGES: Record<string, string[]> = {
  stack: [],
  queue: [],
  heap: ['stack'],
  trie: [],
  search: ['heap', 'queue'],
  match: ['trie'],
  rank: ['search'],
  index: ['match', 'rank'],
};

/**
 * Packages that import nothing but each other. There is no program: to link one, go would first compile the runtime,
 * nine seconds of its own with an empty cache.
 */
export function goModule(): Files {
  const files: Files = { 'go/go.mod': 'module demo\n\ngo 1.21\n' };
  for (const [name, needs] of Object.entries(PACKAGES)) files[`go/${name}/${name}.go`] = goPackage(name, needs);
  return files;
}

function goPackage(name: string, needs: string[]): string {
  const imports = needs.map((need) => `import "demo/${need}"\n`).join('');
  const functions = repeat(
    110,
    (i) => `
func Walk${i}(in []int, by map[int]string) (out []string) {
	for k, v := range in {
		switch {
		case v%${i + 2} == 0:
			out = append(out, by[v]+"${i}")
		case k > ${i}:
			for j := k; j < len(in); j++ {
				out = append(out, by[in[j]*v])
			}
		default:
			by[k] = by[v] + by[k+${i}]
		}
	}
	return out
}
`,
  );
  const calls = needs.map((need) => `	out = append(out, ${need}.All(in, by)...)\n`).join('');
  return `package ${name}

${imports}${functions}
func All(in []int, by map[int]string) (out []string) {
	out = Walk0(in, by)
${calls}	return out
}
`;
}
