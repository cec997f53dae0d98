using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// How a way loses datagrams: the model of Gilbert (1960) and Elliott (1963), a Markov chain of a good and a bad state with a loss rate in each. With
/// one state it is Bernoulli's: each datagram is lost independently.
/// </summary>
/// <param name="LossWhenGood">Probability of a loss in the good state.</param>
/// <param name="LossWhenBad">Probability of a loss in the bad state.</param>
/// <param name="TurnsBad">Probability, for each datagram, that the good state ends before it.</param>
/// <param name="TurnsGood">Probability, for each datagram, that the bad state ends before it.</param>
internal readonly record struct LossModel(double LossWhenGood, double LossWhenBad, double TurnsBad, double TurnsGood)
{
    internal static LossModel None => default;

    /// <summary>The share that is lost in the long run.</summary>
    internal double Mean => TurnsBad == 0 ? LossWhenGood : ((LossWhenGood * TurnsGood) + (LossWhenBad * TurnsBad)) / (TurnsBad + TurnsGood);

    /// <summary>Each one is lost with this probability.</summary>
    internal static LossModel Bernoulli(double probability) => new(probability, 0, 0, 0);

    /// <summary>Bursts: in the mean <paramref name="burst"/> datagrams of which <paramref name="lossInBurst"/> are lost, so often that <paramref name="mean"/> of all are.</summary>
    internal static LossModel Bursts(double mean, double burst, double lossInBurst = 1) =>
        new(0, lossInBurst, mean / (lossInBurst - mean) / burst, 1 / burst);

    /// <summary>Whether the next one is lost.</summary>
    internal bool Loses(DeterministicRandom random, ref bool isBad)
    {
        if (TurnsBad > 0 && random.Chance(isBad ? TurnsGood : TurnsBad))
            isBad = !isBad;
        var loss = isBad ? LossWhenBad : LossWhenGood;
        return loss > 0 && random.Chance(loss);
    }
}
