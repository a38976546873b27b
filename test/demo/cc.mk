# A plain recursive make: `cc.mk` starts itself once in each directory, with DIRECTORY set.

CC := gcc
CFLAGS := -O2
DIRECTORIES := lex parse solve write
SOURCES := $(wildcard work/cc/$(DIRECTORY)/*.c)

.PHONY: all objects $(DIRECTORIES)
all: work/cc/demo

$(DIRECTORIES):
	$(MAKE) -f cc.mk objects DIRECTORY=$@

objects: $(SOURCES:.c=.o)

work/cc/demo: work/cc/main.o $(DIRECTORIES)
	span 'cc:$(@F)' $(CC) -o $@ work/cc/*.o work/cc/*/*.o

%.o: %.c
	span 'cc:$(*F)' $(CC) $(CFLAGS) -c -o $@ $<
