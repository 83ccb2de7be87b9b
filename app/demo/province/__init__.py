"""A made-up province of any size, written by COPY: what benchmarks and trials of the whole tree run on."""
