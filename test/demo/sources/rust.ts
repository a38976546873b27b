import { type Files, repeat } from './files.js';

/** Each crate and those it is built on. */
const CRATES: Record<string, string[]> = {
  base: [],
  text: [],
  table: ['base'],
  graph: ['base'],
  tokens: ['text'],
  report: ['table', 'text'],
  solve: ['graph', 'tokens'],
  app: ['report', 'solve'],
};

/** A workspace without dependencies from outside. */
export function rustWorkspace(): Files {
  const names = Object.keys(CRATES);
  const files: Files = {
    // One codegen unit: a rustc is then one job with one thread, and each slot shows as one bar.
    'rust/Cargo.toml': `[workspace]
resolver = "2"
members = ${JSON.stringify(names)}

[profile.dev]
opt-level = 2
codegen-units = 1
incremental = false
debug = false
`,
  };
  for (const [name, needs] of Object.entries(CRATES)) {
    files[`rust/${name}/Cargo.toml`] = `[package]
name = "${name}"
version = "1.0.0"
edition = "2021"

[dependencies]
${needs.map((need) => `${need} = { path = "../${need}" }\n`).join('')}`;
    files[`rust/${name}/src/${name === 'app' ? 'main' : 'lib'}.rs`] = rustCrate(name, needs);
  }
  return files;
}

function rustCrate(name: string, needs: string[]): string {
  const functions = repeat(
    100,
    (i) => `pub fn ${name}_${i}(words: &[u64], seed: u64) -> u64 {
    let mut sum = ${i};
    let mut last = seed;
    for (k, &word) in words.iter().enumerate() {
        match word.wrapping_add(last) % 9 {
            0 => sum += word ^ words[(last % words.len() as u64) as usize],
            1 => last = last.rotate_left(k as u32 % 64) + ${i},
            2 => for &other in &words[k..] { sum = sum.wrapping_mul(other) % ${i + 3} },
            3 => for other in words.chunks(${i + 1}) { last += other[0] / (sum + 1) },
            _ => last = sum.wrapping_sub(last),
        }
    }
    sum ^ last
}
`,
  );
  const calls = needs.map((need) => `    total += ${need}::${need}_all(words, seed);\n`).join('');
  return `${functions}
pub fn ${name}_all(words: &[u64], seed: u64) -> u64 {
    let mut total = ${name}_0(words, seed);
${calls}    total += 1;
    total
}
${name === 'app' ? '\nfn main() {\n    println!("{}", app_all(&[1, 2, 3], 7));\n}\n' : ''}`;
}
