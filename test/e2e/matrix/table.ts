type Named = readonly { name: string }[];

/** Returns what was measured, row by row, as a table for a person; `-` for a cell that did not run. */
export function formatTable(rows: Named, columns: Named, cells: readonly (number | undefined)[]): string {
  const table = [
    ['', ...columns.map(({ name }) => name)],
    ...rows.map(({ name }, row) => [
      name,
      ...columns.map((_, column) => String(cells[row * columns.length + column] ?? '-')),
    ]),
  ];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, column: number) => text.padEnd(widths?.[column] ?? 0);
  return table.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
