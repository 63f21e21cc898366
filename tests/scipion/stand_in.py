"""A program that takes the worker's place where only its tables matter: it follows them and scores by the ids."""
import csv
import json
import os
import sys
import time

HEADER = 'coord_id', 'particle', 'ice', 'carbon', 'novelty', 'status', 'reason'


def probability(coordId):
    return coordId * 37 % 1000 / 1000


def main():
    options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    part = 'scores.csv.0123456789abcdef.part'
    if not os.path.exists(part):
        with open(part, 'w') as scores:
            scores.write(','.join(HEADER) + '\n')
    with open(part) as scores:
        done = len(scores.readlines()) - 1
    ended = False
    while not ended:
        if not os.path.exists(options['--follow']):
            sys.exit(75)
        with open(options['--follow']) as feed:
            ended = 'end' in feed.read().splitlines()
        with open(options['--coordinates'], newline='') as picks:
            new = list(csv.reader(picks))[1 + done:]
        with open(part, 'a', newline='') as scores:
            for row in new:
                p = probability(int(row[0]))
                csv.writer(scores, lineterminator='\n').writerow(
                    (row[0], f'{p:.6f}', f'{1 - p:.6f}', '0.000000', '1.000000', 'scored', ''))
        done += len(new)
        time.sleep(0.05)
    os.replace(part, 'scores.csv')
    with open(options['--report'], 'w') as report:
        json.dump({'failed_micrographs': [], 'device': 'none', 'boxes_per_second': 0, 'seconds': 0, 'boxes': done},
                  report)


if __name__ == '__main__':
    main()
