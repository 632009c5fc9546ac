"""Learning and judging of the life model: public cycling sets, folds by protocol and by data set."""
