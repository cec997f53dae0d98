using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Bootstrap;

/// <summary>
/// Draws samples of entries that one attacker cannot fill. Within a tier it first takes entries at random, as long as no prefix has more than an eighth of the sample, no voucher more than a
/// quarter, and neither more than its share of all entries; then it gives each prefix its share, the one that lacks most first. Where there are many prefixes nobody gets more than his share or an
/// eighth, whichever is less; where there are few, everybody gets his share. So whoever has a fifth of the entries in two prefixes has less than 30 % of any sample, however the others lie.
/// One seed gives one sample. Built once for a set of entries. Pure; any number of threads.
/// </summary>
internal sealed class BootstrapSampler
{
    /// <summary>Smallest sample, if there are as many entries: in smaller ones the rounding up of two prefixes alone is more than a tenth.</summary>
    internal const int MinCount = 20;

    private const int PrefixPart = 8, VoucherPart = 4;

    /// <summary>Less than any true difference of two shares.</summary>
    private const double Epsilon = 1e-9;

    private readonly int[] _prefixOf, _voucherOf;
    private readonly double[] _prefixShare, _voucherShare;
    private readonly int[][] _tiers;

    internal BootstrapSampler(IReadOnlyList<SampleCandidate> candidates)
    {
        Count = candidates.Count;
        (_prefixOf, _prefixShare) = Shares(candidates, static c => c.Prefix);
        (_voucherOf, _voucherShare) = Shares(candidates, static c => c.Voucher);
        _tiers = [.. Enumerable.Range(0, Count).GroupBy(i => candidates[i].Tier).OrderBy(g => g.Key).Select(g => g.ToArray())];
    }

    /// <summary>How many entries there are.</summary>
    internal int Count { get; }

    /// <summary>Indices of a sample's entries, the first tier first: <paramref name="count"/>, or <see cref="MinCount"/> where that is more; all of them where there are no more.</summary>
    internal int[] Sample(int count, ulong seed)
    {
        var draw = new Draw(this, Math.Min(Math.Max(count, MinCount), Count), new DeterministicRandom(seed));
        foreach (var tier in _tiers)
            draw.Take(tier);
        return draw.Taken;
    }

    private static (int[] Of, double[] Share) Shares<T>(IReadOnlyList<SampleCandidate> candidates, Func<SampleCandidate, T> key) where T : notnull
    {
        var numbers = new Dictionary<T, int>();
        var of = new int[candidates.Count];
        var counts = new List<int>();
        for (var i = 0; i < of.Length; i++)
        {
            if (!numbers.TryGetValue(key(candidates[i]), out var number))
            {
                numbers.Add(key(candidates[i]), number = counts.Count);
                counts.Add(0);
            }

            of[i] = number;
            counts[number]++;
        }

        return (of, [.. counts.Select(c => (double)c / of.Length)]);
    }

    /// <summary>One sample while it is drawn.</summary>
    private sealed class Draw(BootstrapSampler sampler, int wanted, DeterministicRandom random)
    {
        private readonly int[] _ofPrefix = new int[sampler._prefixShare.Length];
        private readonly int[] _ofVoucher = new int[sampler._voucherShare.Length];
        private readonly List<int> _taken = new(wanted);

        internal int[] Taken => [.. _taken];

        internal void Take(int[] tier)
        {
            var left = new List<int>();
            var order = (int[])tier.Clone();
            for (var i = 0; i < order.Length && _taken.Count < wanted; i++)
            {
                var j = random.Next(i, order.Length);
                (order[i], order[j]) = (order[j], order[i]);
                if (HasRoom(order[i]))
                    Add(order[i]);
                else
                    left.Add(order[i]);
            }

            while (_taken.Count < wanted && TakeMostLacking(left))
            {
                // Until the sample is full, or nobody of this tier lacks anything.
            }
        }

        private bool HasRoom(int index)
        {
            var (prefix, voucher) = (sampler._prefixOf[index], sampler._voucherOf[index]);
            return _ofPrefix[prefix] < Cap(sampler._prefixShare[prefix], PrefixPart) && _ofVoucher[voucher] < Cap(sampler._voucherShare[voucher], VoucherPart);
        }

        private int Cap(double share, int part) => Math.Max(1, Math.Min(wanted / part, (int)Math.Ceiling(share * wanted - Epsilon)));

        private bool TakeMostLacking(List<int> left)
        {
            var (best, bestPrefix, bestVoucher) = (-1, Epsilon, 0.0);
            for (var i = 0; i < left.Count; i++)
            {
                var (prefix, voucher) = (sampler._prefixOf[left[i]], sampler._voucherOf[left[i]]);
                var ofPrefix = sampler._prefixShare[prefix] * wanted - _ofPrefix[prefix];
                var ofVoucher = sampler._voucherShare[voucher] * wanted - _ofVoucher[voucher];
                if (ofPrefix > bestPrefix + Epsilon || (best >= 0 && ofPrefix > bestPrefix - Epsilon && ofVoucher > bestVoucher + Epsilon))
                    (best, bestPrefix, bestVoucher) = (i, ofPrefix, ofVoucher);
            }

            if (best < 0)
                return false;
            Add(left[best]);
            left.RemoveAt(best);
            return true;
        }

        private void Add(int index)
        {
            _taken.Add(index);
            _ofPrefix[sampler._prefixOf[index]]++;
            _ofVoucher[sampler._voucherOf[index]]++;
        }
    }
}
